#include "plugin_bench.hpp"

#include <algorithm>

#include "failure.hpp"
#include "plugins/discovery.hpp"
#include "plugins/elf_file.hpp"
#include "sample_delivery.hpp"

namespace opi::tool {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds patience{
    15};  // a machine that builds and tests has less time for a probe than the daemon

}  // namespace

fs::path program_named(const std::string& name) {
  const auto own = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path beside = own / name;
  return fs::exists(beside) ? beside : own.parent_path() / "libexec" / "opi-sdk" / name;
}

std::string environment_for(const fs::path& plugin) {
  std::vector<std::string> allowed{"test", "local", "dev", "production"};
  const auto found = plugins::discover_file(plugin);
  if (found.candidates.empty()) return allowed.front();
  try {
    std::vector<std::string> problems;
    for (const auto& text : plugins::read_elf(found.candidates.front().bytes).manifests)
      for (const auto& component : plugins::parse_manifest(text, problems).components)
        if (!component.environments.empty())
          std::erase_if(allowed, [&](const auto& name) {
            return std::ranges::find(component.environments, name) == component.environments.end();
          });
  } catch (const plugins::NotElf&) {  // the loading says so, with its remedy
  } catch (const plugins::DamagedElf&) {
  }
  return allowed.empty() ? "test" : allowed.front();
}

PluginBench::Loading::Loading(const fs::path& file, telemetry::Logger& logger, plugins::Isolation isolation) {
  std::error_code missing;
  const auto path = fs::canonical(file, missing);
  if (missing) throw Failure(file.string() + ": cannot be opened: " + missing.message());
  plugins::PluginHost::Options options;
  options.state_directory = state.path();
  options.environment = environment_for(path);
  options.host_version = "opi-plugin";
  options.probe = {program_named("opi-plugin-probe"), patience};
  options.sandbox.program = program_named("opi-plugin-host");
  options.isolation =
      isolation == plugins::Isolation::process ? plugins::IsolationRule::process : plugins::IsolationRule::in_process;
  host = std::make_unique<plugins::PluginHost>(std::move(options), logger);
  host->load_file(path);
}

std::vector<plugins::Refusal> PluginBench::refusals(const fs::path& file, telemetry::Logger& logger) {
  const Loading loading(file, logger, plugins::Isolation::in_process);
  return loading.host->refused();
}

PluginBench::PluginBench(const fs::path& file, telemetry::Logger& logger, plugins::Isolation isolation)
    : loading_(file, logger, isolation) {
  if (loading_.host->loaded().empty()) {
    std::string text = file.string() + ": is refused";
    for (const auto& refusal : loading_.host->refused())
      text += "\n  " + refusal.code + " (" + std::string(to_string(refusal.stage)) + "): " + refusal.message +
              "\n    remedy: " + refusal.remedy;
    throw Failure(text);
  }
  plugin_ = loading_.host->loaded().front();
}

const plugins::Component& PluginBench::adapter_component(const std::string& id) const {
  const plugins::Component* found = nullptr;
  std::string ids;
  for (const auto& component : manifest().components) {
    if (component.kind != plugins::ComponentKind::adapter) continue;
    ids += (ids.empty() ? "" : ", ") + component.id;
    if (!id.empty() && component.id != id) continue;
    if (found != nullptr) throw Failure(plugin_->file() + ": has several adapters, name one: " + ids);
    found = &component;
  }
  if (found != nullptr) return *found;
  if (ids.empty()) throw Failure(plugin_->file() + ": has no adapter");
  throw Failure(plugin_->file() + ": has no adapter \"" + id + "\"; it has " + ids);
}

std::unique_ptr<plugins::PluginAdapter> PluginBench::adapter(const plugins::Component& component,
                                                             const Destination& destination) const {
  if (const auto faults = component.config_schema.check(destination.config); !faults.empty())
    throw Failure("config: " + faults.front().path + (faults.front().path.empty() ? "" : " ") + faults.front().message);
  try {
    auto adapter =
        std::make_unique<plugins::PluginAdapter>(plugin_, component, destination, std::string(sample_user_agent));
    if (const auto refusal = adapter->refusal(); !refusal.empty()) throw Failure("config: " + refusal);
    return adapter;
  } catch (const Failure&) {
    throw;
  } catch (const std::runtime_error& refused) {
    throw Failure("config: " + std::string(refused.what()));
  }
}

}  // namespace opi::tool
