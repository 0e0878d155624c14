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

namespace opi::plugins {
namespace {

std::uint32_t threshold_of(const telemetry::Logger& logger) {
  if (logger.enabled(telemetry::Level::debug)) return OPI_LOG_DEBUG;
  if (logger.enabled(telemetry::Level::info)) return OPI_LOG_INFO;
  return logger.enabled(telemetry::Level::warning) ? OPI_LOG_WARNING : OPI_LOG_ERROR;
}

std::vector<std::string> adapters_of(const Manifest& manifest) {
  std::vector<std::string> ids;
  for (const auto& component : manifest.components)
    if (component.kind == ComponentKind::adapter) ids.push_back(component.id);
  return ids;
}

std::string start_frame(const PluginSource& source, const SandboxOptions& options, std::uint32_t log_threshold) {
  FrameWriter start(FrameKind::start, 0);
  start.u32(log_threshold).u32(frame_protocol).u32(source.offered_minor).u64(options.memory_bytes);
  start.text(source.environment).text(source.host_version);
  const auto adapters = adapters_of(source.manifest);
  start.u32(static_cast<std::uint32_t>(adapters.size()));
  for (const auto& id : adapters) start.text(id);
  return start.finish();
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
      sandbox_(make_sandbox({})) {}

SandboxedPlugin::~SandboxedPlugin() { stop(); }

std::shared_ptr<Sandbox> SandboxedPlugin::make_sandbox(const std::string& tenant) const {
  return std::make_shared<Sandbox>(options_.sandbox,
                                   Sandbox::Plugin{manifest().id, source().environment, source().offered_minor,
                                                   start_frame(source(), options_.sandbox, threshold_of(logger_))},
                                   copy_of(image_), options_.hooks ? options_.hooks(tenant) : Sandbox::Hooks(),
                                   logger_);
}

std::shared_ptr<Sandbox> SandboxedPlugin::sandbox_for(const TenantId& tenant) {
  if (!options_.process_per_tenant) return sandbox_;
  const Lock lock(mutex_);
  std::erase_if(tenants_, [](const auto& one) { return one.second.expired(); });
  auto& known = tenants_[tenant.str()];
  if (auto used = known.lock()) return used;
  const auto made = make_sandbox(tenant.str());
  made->launch();
  std::shared_ptr<Sandbox> used(made.get(), [made](Sandbox*) { made->stop(); });
  known = used;
  if (stopped_) made->stop();
  return used;
}

std::string SandboxedPlugin::quarantine(const TenantId& tenant) const {
  if (!options_.process_per_tenant) return sandbox_->quarantine();
  std::shared_ptr<Sandbox> used;  // the last who holds it stops it, without the lock
  {
    const Lock lock(mutex_);
    if (const auto found = tenants_.find(tenant.str()); found != tenants_.end()) used = found->second.lock();
  }
  return used ? used->quarantine() : std::string();
}

void SandboxedPlugin::stop() {
  std::vector<std::shared_ptr<Sandbox>> all{sandbox_};
  {
    const Lock lock(mutex_);
    stopped_ = true;
    for (const auto& [tenant, one] : tenants_)
      if (auto used = one.lock()) all.push_back(std::move(used));
  }
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
  const auto started = plugin->sandbox_->start();
  plugin->seers_ = started.flags;
  if (started.status == OPI_OK) {
    if ((started.flags & reads_any_file) != 0)
      logger.warning("plugin.reads_files",
                     {{"plugin", plugin->manifest().id},
                      {"message", "the kernel has no Landlock: while it is opened, the plugin can read files"}});
    return plugin;
  }
  refused.push_back(refusal(plugin->file(), Stage::init, codes::not_isolated, started.error));
  return nullptr;
}

bool SandboxedPlugin::sees_transport_faults(const Component& component) const {
  const auto all = adapters_of(manifest());
  const auto index = std::ranges::find(all, component.id) - all.begin();
  return (seers_ >> index & 1u) != 0;
}

std::uint32_t SandboxedPlugin::log_threshold() const { return threshold_of(logger_); }

std::unique_ptr<AdapterInstance> SandboxedPlugin::adapter(const Component& component, const Destination& destination,
                                                          std::vector<std::string> confidential) {
  return std::make_unique<SandboxedAdapter>(shared_from_this(), sandbox_for(destination.tenant_id), ++instances_,
                                            component, destination, std::move(confidential));
}

}  // namespace opi::plugins
