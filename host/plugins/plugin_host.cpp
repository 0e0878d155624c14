#include "plugins/plugin_host.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>

#include "foundation/mutex.hpp"
#include "plugins/inspection.hpp"
#include "plugins/refusal_codes.hpp"

namespace opi::plugins {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::ranges::find(list, one) != list.end();
}

// What becomes of the deaths of a build's process: those in a tenant's call are that tenant's, the others everybody's,
// or the tenant's whose process it is if each has one.
Sandbox::Hooks hooks_of(std::shared_ptr<CrashHistory> crashes, telemetry::Logger& logger, const std::string& id,
                        const std::string& sha256, const std::string& owner) {
  const auto quarantined = [crashes, id, sha256, owner](const TenantId& of) {
    return crashes->quarantine(id, sha256, of.empty() ? owner : of.str());
  };
  const auto died = [crashes, id, sha256, owner, &logger](const Sandbox::Death& death) {
    const auto& tenant = death.tenant.empty() ? owner : death.tenant.str();
    try {
      const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
      crashes->record(Crash{id, sha256, std::string(to_string(death.phase)), death.signal, now, tenant, death.what,
                            death.forbidden});
    } catch (const std::exception& failure) {
      logger.error("plugin.crash_not_recorded", {{"plugin", id}, {"message", std::string(failure.what())}});
    }
    if (!crashes->quarantine(id, sha256).empty())
      logger.error("plugin.quarantined", {{"plugin", id}, {"sha256", sha256}, {"tenant", ""}});
    else if (!crashes->quarantine(id, sha256, tenant).empty())
      logger.error("plugin.quarantined", {{"plugin", id}, {"sha256", sha256}, {"tenant", tenant}});
  };
  return {died, quarantined};
}

}  // namespace

PluginHost::PluginHost(Options options, telemetry::Logger& logger)
    : options_(std::move(options)),
      logger_(logger),
      images_(options_.state_directory),
      breadcrumbs_(std::make_shared<Breadcrumbs>(options_.state_directory / "breadcrumbs")),
      crashes_(std::make_shared<CrashHistory>(options_.state_directory / "crashes")),
      probe_(options_.probe, options_.environment, options_.offered_minor) {
  for (const auto& call : breadcrumbs_->left_by_last_run())
    logger_.warning(
        call.fatal_signal ? "plugin.crashed_last_run" : "plugin.call_cut_off",
        {{"plugin", call.plugin}, {"phase", to_string(call.phase)}, {"signal", call.fatal_signal.value_or(0)}});
  crashes_->record(breadcrumbs_->left_by_last_run());
  for (const auto& plugin : options_.release)
    logger_.info("plugin.released", {{"plugin", plugin}, {"was_recorded", crashes_->release(plugin)}});
}

PluginHost::~PluginHost() = default;

PluginHost::Plugins PluginHost::loaded() const {
  const Lock lock(mutex_);
  return loaded_;
}

std::vector<Refusal> PluginHost::refused() const {
  const Lock lock(mutex_);
  return refused_;
}

PluginHost::Change PluginHost::load_directory(const Judge& judge) {
  const Lock changing(changing_);
  Load now{loaded(), {}};
  auto found = discover(options_.directory);
  take(now, std::move(found.refused));
  for (const auto& candidate : found.candidates) load(now, candidate, judge);
  auto change = now.change;
  publish(std::move(now));
  return change;
}

PluginHost::Change PluginHost::reload_directory(const Judge& judge) {
  const Lock changing(changing_);
  Load now;
  const auto running = loaded();
  auto found = discover(options_.directory);
  const auto names = [](const std::string& file) { return [&](const Refusal& one) { return one.file == file; }; };
  const bool all_seen = std::ranges::none_of(found.refused, names(options_.directory.string()));
  for (const auto& one : running) {
    const auto file = std::ranges::find(found.candidates, one->file(), &Candidate::file);
    const bool replaced = file != found.candidates.end() && crypto::to_hex(file->sha256) != one->sha256();
    const bool gone =
        file == found.candidates.end() && all_seen && std::ranges::none_of(found.refused, names(one->file()));
    if (gone) {
      logger_.warning("plugin.retired", {{"plugin", one->manifest().id}, {"file", one->file()}});
      now.change.retired.push_back(one);
    } else if (!replaced) {
      now.set.push_back(one);
    }
  }
  take(now, std::move(found.refused));
  for (const auto& candidate : found.candidates) {
    const auto old = std::ranges::find(running, candidate.file, [](const auto& one) { return one->file(); });
    const bool is_new = old == running.end() || (*old)->sha256() != crypto::to_hex(candidate.sha256);
    if (is_new && !load(now, candidate, judge) && old != running.end()) now.set.push_back(*old);
  }
  auto change = now.change;
  publish(std::move(now), true);
  return change;
}

void PluginHost::load_file(const std::filesystem::path& file) {
  const Lock changing(changing_);
  Load now{loaded(), {}};
  auto found = discover_file(file);
  take(now, std::move(found.refused));
  for (const auto& candidate : found.candidates) load(now, candidate, {});
  publish(std::move(now));
}

void PluginHost::publish(Load&& load, bool anew) {
  const Lock lock(mutex_);
  if (anew) refused_.clear();
  loaded_ = std::move(load.set);
  std::ranges::move(load.change.refused, std::back_inserter(refused_));
  ++generation_;
}

void PluginHost::add_refusal(Refusal refusal) {
  const Lock changing(changing_);
  Load now{loaded(), {}};
  take(now, {std::move(refusal)});
  publish(std::move(now));
}

// True if there was nothing to take.
bool PluginHost::take(Load& load, std::vector<Refusal>&& refused) {
  for (auto& refusal : refused) {
    // One that is for other environments is where it belongs: nobody is to be woken.
    const auto level = is_fault(refusal.code) ? telemetry::Level::error : telemetry::Level::info;
    if (logger_.enabled(level))
      logger_.log(level, "plugin.refused",
                  {{"file", refusal.file},
                   {"stage", to_string(refusal.stage)},
                   {"code", refusal.code},
                   {"message", refusal.message},
                   {"remedy", refusal.remedy}});
    load.change.refused.push_back(std::move(refusal));
  }
  return refused.empty();
}

// True if it is loaded now.
bool PluginHost::load(Load& load, const Candidate& candidate, const Judge& judge) {
  std::vector<Refusal> refused;
  auto manifest = inspect(candidate, options_.offered_minor, refused);
  if (refused.empty()) check_duplicates(candidate.file, manifest, load.set, refused);
  if (!take(load, std::move(refused))) return false;

  refused.clear();
  const auto sha256 = crypto::to_hex(candidate.sha256);
  check_trust(candidate.file, manifest, sha256, refused);
  if (!take(load, std::move(refused))) return false;

  std::filesystem::path image;
  try {
    image = images_.write(candidate.bytes, candidate.sha256);
  } catch (const std::runtime_error& failure) {
    take(load, {refusal(candidate.file, Stage::load, codes::image_not_written, failure.what())});
    return false;
  }
  const auto isolation = isolation_of(sha256);
  // The probe has what the daemon has, but for its limits. One that is to be isolated never runs unconfined.
  if (isolation == Isolation::in_process && !take(load, probe_.run(candidate.file, image, manifest))) {
    images_.remove(candidate.sha256);
    return false;
  }
  refused.clear();
  auto plugin = open({candidate.file, image, sha256, std::move(manifest), options_.environment, options_.host_version,
                      options_.offered_minor},
                     isolation, refused);
  if (!take(load, std::move(refused)) || (judge && !take(load, judge(plugin)))) return false;
  logger_.info("plugin.loaded", {{"plugin", plugin->manifest().id},
                                 {"version", plugin->manifest().version},
                                 {"file", plugin->file()},
                                 {"sha256", plugin->sha256()},
                                 {"isolation", to_string(plugin->isolation())}});
  load.change.loaded.push_back(plugin);
  load.set.push_back(std::move(plugin));
  return true;
}

Isolation PluginHost::isolation_of(const std::string& sha256) const {
  const bool is_named = contains(options_.in_process_sha256, sha256);
  if (is_named || options_.isolation == IsolationRule::in_process) return Isolation::in_process;
  const bool came_with_it = contains(options_.shipped_sha256, sha256);
  return options_.isolation == IsolationRule::automatic && came_with_it ? Isolation::in_process : Isolation::process;
}

std::shared_ptr<Plugin> PluginHost::open(PluginSource source, Isolation isolation, std::vector<Refusal>& refused) {
  if (isolation == Isolation::in_process) return LoadedPlugin::load(std::move(source), breadcrumbs_, logger_, refused);
  // Plugins may outlive this.
  const auto hooks = [crashes = crashes_, &logger = logger_, id = source.manifest.id, sha256 = source.sha256](
                         const std::string& tenant) { return hooks_of(crashes, logger, id, sha256, tenant); };
  auto plugin = SandboxedPlugin::load(std::move(source), {options_.sandbox, options_.process_per_tenant, hooks},
                                      logger_, refused);
  if (!plugin) return nullptr;
  const Lock lock(mutex_);
  std::erase_if(isolated_, [](const auto& one) { return one.expired(); });
  isolated_.push_back(plugin);
  return plugin;
}

void PluginHost::stop() {
  std::vector<std::weak_ptr<SandboxedPlugin>> all;
  {
    const Lock lock(mutex_);
    all = isolated_;
  }
  for (const auto& one : all)
    if (const auto plugin = one.lock()) plugin->stop();
}

void PluginHost::check_duplicates(const std::string& file, const Manifest& manifest, const Plugins& others,
                                  std::vector<Refusal>& refused) {
  for (const auto& other : others) {
    if (other->manifest().id == manifest.id) {
      refused.push_back(refusal(file, Stage::inspect, codes::duplicate_plugin,
                                "plugin \"" + manifest.id + "\" is loaded already, from " + other->file()));
      return;
    }
    for (const auto& component : manifest.components)
      for (const auto& taken : other->manifest().components) {
        const bool same_id = component.kind == taken.kind && component.id == taken.id;
        const bool same_scheme =
            component.reference && taken.reference && component.reference->scheme() == taken.reference->scheme();
        if (same_id || same_scheme)
          refused.push_back(refusal(file, Stage::inspect, codes::duplicate_component,
                                    "component \"" + component.id + "\" is offered already, by " + other->file()));
      }
  }
}

void PluginHost::check_trust(const std::string& file, const Manifest& manifest, const std::string& sha256,
                             std::vector<Refusal>& refused) const {
  if (!options_.pinned_sha256.empty() && !contains(options_.pinned_sha256, sha256))
    refused.push_back(refusal(file, Stage::trust, codes::not_pinned,
                              "its SHA-256 " + sha256 + " is not in the list of trusted plugins"));
  if (auto why = crashes_->quarantine(manifest.id, sha256); !why.empty())
    refused.push_back(refusal(file, Stage::trust, codes::quarantined, std::move(why)));
}

PluginHost::Found PluginHost::find(ComponentKind kind, std::string_view component_id) const {
  for (const auto& plugin : loaded())
    for (const auto& component : plugin->manifest().components)
      if (component.kind == kind && component.id == component_id) return {plugin, &component};
  return {};
}

}  // namespace opi::plugins
