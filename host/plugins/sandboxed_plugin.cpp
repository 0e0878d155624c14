#include "plugins/sandboxed_plugin.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "foundation/mutex.hpp"
#include "plugins/refusal_codes.hpp"
#include "plugins/sandboxed_adapter.hpp"
#include "plugins/sandboxed_provider.hpp"

namespace opi::plugins {
namespace {

std::uint32_t threshold_of(const telemetry::Logger& logger) {
  if (logger.enabled(telemetry::Level::debug)) return OPI_LOG_DEBUG;
  if (logger.enabled(telemetry::Level::info)) return OPI_LOG_INFO;
  return logger.enabled(telemetry::Level::warning) ? OPI_LOG_WARNING : OPI_LOG_ERROR;
}

// Another descriptor of the same file.
Descriptor copy_of(const Descriptor& file) {
  Descriptor copy(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  if (copy.get() < 0) throw std::system_error(errno, std::generic_category(), "a descriptor cannot be copied");
  return copy;
}

}  // namespace

SandboxedPlugin::SandboxedPlugin(PluginSource source, Options options, Descriptor image, telemetry::Logger& logger)
    : Plugin(std::move(source)),
      options_(std::move(options)),
      image_(std::move(image)),
      logger_(logger),
      sandbox_(make_sandbox({}, start_frame({}, adapters()))) {}

SandboxedPlugin::~SandboxedPlugin() { stop(); }

std::vector<const Component*> SandboxedPlugin::adapters() const {
  std::vector<const Component*> all;
  for (const auto& component : manifest().components)
    if (component.kind == ComponentKind::adapter) all.push_back(&component);
  return all;
}

// For these components alone: what another one may reach is none of theirs.
std::string SandboxedPlugin::start_frame(const Reach& reach, const std::vector<const Component*>& components) const {
  FrameWriter start(FrameKind::start, 0);
  start.u32(log_threshold()).u32(frame_protocol).u32(source().offered_minor).u64(options_.sandbox.memory_bytes);
  start.text(source().environment).text(source().host_version);
  start.u32(reach.network ? 1 : 0).u32(static_cast<std::uint32_t>(reach.files.size()));
  for (const auto& path : reach.files) start.text(path);
  start.u32(static_cast<std::uint32_t>(components.size()));
  for (const auto* const component : components)
    start.text(component->id).u32(component->kind == ComponentKind::adapter ? 1 : 0);
  return start.finish();
}

std::shared_ptr<Sandbox> SandboxedPlugin::make_sandbox(const std::string& tenant, std::string start) const {
  return std::make_shared<Sandbox>(
      options_.sandbox, Sandbox::Plugin{manifest().id, source().environment, source().offered_minor, std::move(start)},
      copy_of(image_), options_.hooks ? options_.hooks(tenant) : Sandbox::Hooks(), logger_);
}

std::shared_ptr<SandboxLanes> SandboxedPlugin::lanes(const Component& component, const Reach& reach,
                                                     std::vector<std::string> places) {
  auto made = std::make_shared<SandboxLanes>(
      [this, start = start_frame(reach, {&component})] {
        auto sandbox = make_sandbox({}, start);
        sandbox->launch();
        return sandbox;
      },
      std::move(places));
  const Lock lock(mutex_);
  std::erase_if(lanes_, [](const auto& one) { return one.expired(); });
  lanes_.push_back(made);
  if (stopped_) made->stop();
  return made;
}

std::shared_ptr<Sandbox> SandboxedPlugin::sandbox_for(const TenantId& tenant) {
  if (!options_.process_per_tenant) return sandbox_;
  const Lock lock(mutex_);
  std::erase_if(tenants_, [](const auto& one) { return one.second.expired(); });
  auto& known = tenants_[tenant.str()];
  if (auto used = known.lock()) return used;
  const auto made = make_sandbox(tenant.str(), start_frame({}, adapters()));
  made->launch();
  std::shared_ptr<Sandbox> used(made.get(), [made](Sandbox*) { made->stop(); });
  known = used;
  if (stopped_) made->stop();
  return used;
}

std::string SandboxedPlugin::quarantine(const TenantId& tenant) const {
  if (!options_.process_per_tenant) return sandbox_->quarantine(tenant);
  std::shared_ptr<Sandbox> used;  // the last who holds it stops it, without the lock
  {
    const Lock lock(mutex_);
    if (const auto found = tenants_.find(tenant.str()); found != tenants_.end()) used = found->second.lock();
  }
  return used ? used->quarantine(tenant) : std::string();
}

void SandboxedPlugin::stop() {
  std::vector<std::shared_ptr<Sandbox>> all{sandbox_};
  std::vector<std::shared_ptr<SandboxLanes>> of_providers;
  {
    const Lock lock(mutex_);
    stopped_ = true;
    for (const auto& one : lanes_)
      if (auto used = one.lock()) of_providers.push_back(std::move(used));
    for (const auto& [tenant, one] : tenants_)
      if (auto used = one.lock()) all.push_back(std::move(used));
  }
  for (const auto& one : of_providers) one->stop();
  for (const auto& one : all) one->stop();
}

std::shared_ptr<SandboxedPlugin> SandboxedPlugin::load(PluginSource source, Options options, telemetry::Logger& logger,
                                                       std::vector<Refusal>& refused) {
  Descriptor image(::open(source.image.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (image.get() < 0) {
    refused.push_back(refusal(source.file, Stage::load, codes::not_loadable,
                              "its copy cannot be opened: " + std::string(std::strerror(errno))));
    return nullptr;
  }
  std::shared_ptr<SandboxedPlugin> plugin(
      new SandboxedPlugin(std::move(source), std::move(options), std::move(image), logger));
  refused = plugin->environment_faults();
  if (!refused.empty()) return nullptr;
  return plugin->try_out(refused) ? plugin : nullptr;
}

// The process of the adapters goes on; those of providers are run again once there are configurations.
bool SandboxedPlugin::try_out(std::vector<Refusal>& refused) {
  const auto is_started = [&](const std::shared_ptr<Sandbox>& sandbox) {
    const auto started = sandbox->start();
    if (started.status != OPI_OK)
      refused.push_back(refusal(file(), Stage::init, codes::not_isolated, started.error));
    else if ((started.flags & reads_any_file) != 0)
      logger_.warning("plugin.reads_files",
                      {{"plugin", manifest().id},
                       {"message", "the kernel has no Landlock: while it is opened, the plugin can read files"}});
    seers_ |= started.flags;
    return started.status == OPI_OK;
  };
  if (!adapters().empty() && !is_started(sandbox_)) return false;
  for (const auto& component : manifest().components) {
    if (component.kind != ComponentKind::secret_provider) continue;
    const auto trial = make_sandbox({}, start_frame(component.needs.reach("{}"), {&component}));
    const bool started = is_started(trial);
    trial->stop();
    if (!started) return false;
  }
  return true;
}

bool SandboxedPlugin::sees_transport_faults(const Component& component) const {
  const auto all = adapters();
  const auto index = std::ranges::find(all, component.id, [](const auto* one) { return one->id; }) - all.begin();
  return (seers_ >> index & 1u) != 0;
}

std::uint32_t SandboxedPlugin::log_threshold() const { return threshold_of(logger_); }

std::unique_ptr<AdapterInstance> SandboxedPlugin::adapter(const Component& component, const Destination& destination,
                                                          std::vector<std::string> confidential) {
  return std::make_unique<SandboxedAdapter>(shared_from_this(), sandbox_for(destination.tenant_id), ++instances_,
                                            component, destination, std::move(confidential));
}

std::unique_ptr<ProviderInstance> SandboxedPlugin::provider(const Component& component,
                                                            const std::string& config_json) {
  return std::make_unique<SandboxedProvider>(shared_from_this(), component, config_json);
}

}  // namespace opi::plugins
