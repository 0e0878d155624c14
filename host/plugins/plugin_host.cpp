#include "plugins/plugin_host.hpp"

#include <algorithm>
#include <stdexcept>

#include "plugins/elf_file.hpp"
#include "plugins/refusal_codes.hpp"
#include "plugins/seal.hpp"

namespace opi::plugins {

PluginHost::PluginHost(Options options, telemetry::Logger& logger)
    : options_(std::move(options)),
      logger_(logger),
      images_(options_.state_directory),
      breadcrumbs_(std::make_shared<Breadcrumbs>(options_.state_directory / "breadcrumbs")),
      crashes_(options_.state_directory / "crashes"),
      probe_(options_.probe, options_.environment, options_.offered_minor) {
  for (const auto& call : breadcrumbs_->left_by_last_run())
    logger_.warning(
        call.fatal_signal ? "plugin.crashed_last_run" : "plugin.call_cut_off",
        {{"plugin", call.plugin}, {"phase", to_string(call.phase)}, {"signal", call.fatal_signal.value_or(0)}});
  crashes_.record(breadcrumbs_->left_by_last_run());
  for (const auto& plugin : options_.release)
    logger_.info("plugin.released", {{"plugin", plugin}, {"was_recorded", crashes_.release(plugin)}});
}

PluginHost::~PluginHost() = default;

void PluginHost::load_directory() { load(discover(options_.directory)); }

void PluginHost::load_file(const std::filesystem::path& file) { load(discover_file(file)); }

void PluginHost::load(Discovery&& found) {
  take(std::move(found.refused));
  for (const auto& candidate : found.candidates) load(candidate);
}

void PluginHost::add_refusal(Refusal refusal) { take({std::move(refusal)}); }

// True if there was nothing to take.
bool PluginHost::take(std::vector<Refusal>&& refused) {
  for (auto& refusal : refused) {
    logger_.error("plugin.refused", {{"file", refusal.file},
                                     {"stage", to_string(refusal.stage)},
                                     {"code", refusal.code},
                                     {"message", refusal.message},
                                     {"remedy", refusal.remedy}});
    refused_.push_back(std::move(refusal));
  }
  return refused.empty();
}

void PluginHost::load(const Candidate& candidate) {
  std::vector<Refusal> refused;
  auto manifest = inspect(candidate, refused);
  if (!take(std::move(refused))) return;

  refused.clear();
  const auto sha256 = crypto::to_hex(candidate.sha256);
  check_trust(candidate.file, manifest, sha256, refused);
  if (!take(std::move(refused))) return;

  std::filesystem::path image;
  try {
    image = images_.write(candidate.bytes, candidate.sha256);
  } catch (const std::runtime_error& failure) {
    take({refusal(candidate.file, Stage::load, codes::image_not_written, failure.what())});
    return;
  }
  if (!take(probe_.run(candidate.file, image, manifest))) {
    images_.remove(candidate.sha256);
    return;
  }
  refused.clear();
  auto plugin = LoadedPlugin::load({candidate.file, image, sha256, std::move(manifest), options_.environment,
                                    options_.host_version, options_.offered_minor},
                                   breadcrumbs_, logger_, refused);
  if (!take(std::move(refused))) return;
  logger_.info("plugin.loaded", {{"plugin", plugin->manifest().id},
                                 {"version", plugin->manifest().version},
                                 {"file", plugin->file()},
                                 {"sha256", plugin->sha256()}});
  loaded_.push_back(std::move(plugin));
}

Manifest PluginHost::inspect(const Candidate& candidate, std::vector<Refusal>& refused) const {
  const auto refuse = [&](const RefusalCode& code, std::string message) {
    refused.push_back(refusal(candidate.file, Stage::inspect, code, std::move(message)));
  };
  if (has_broken_seal(candidate.bytes))
    return refuse(codes::damaged, "its content does not match the seal that it was built with"), Manifest{};
  ElfFacts facts;
  try {
    facts = read_elf(candidate.bytes);
  } catch (const NotElf& fault) {
    return refuse(codes::not_elf, fault.what()), Manifest{};
  } catch (const DamagedElf& fault) {
    return refuse(codes::damaged, fault.what()), Manifest{};
  }
  if (facts.executable_stack) refuse(codes::unsafe_image, "asks for an executable stack");
  if (facts.text_relocations) refuse(codes::unsafe_image, "has text relocations");
  if (std::ranges::find(facts.exports, OPI_ENTRY_SYMBOL) == facts.exports.end())
    refuse(codes::no_entry, "does not export " OPI_ENTRY_SYMBOL);
  for (const auto& name : facts.exports)
    if (name != OPI_ENTRY_SYMBOL) refuse(codes::extra_exports, "exports \"" + name + "\" beside its entry");
  if (facts.manifests.size() != 1) {
    refuse(codes::no_manifest, facts.manifests.empty() ? "has no manifest" : "has more than one manifest");
    return {};
  }
  std::vector<std::string> problems;
  auto manifest = parse_manifest(facts.manifests.front(), problems);
  for (auto& problem : problems) refuse(codes::manifest_invalid, "manifest: " + problem);
  if (!problems.empty()) return manifest;
  if (manifest.abi_major != OPI_ABI_MAJOR)
    refuse(codes::other_major, "plugin is for ABI " + std::to_string(manifest.abi_major) + ", this host speaks ABI " +
                                   std::to_string(OPI_ABI_MAJOR));
  else if (manifest.abi_minor > options_.offered_minor)
    refuse(codes::newer_minor, "plugin needs ABI 1." + std::to_string(manifest.abi_minor) + ", this host offers 1." +
                                   std::to_string(options_.offered_minor));
  check_duplicates(candidate.file, manifest, refused);
  return manifest;
}

void PluginHost::check_duplicates(const std::string& file, const Manifest& manifest,
                                  std::vector<Refusal>& refused) const {
  for (const auto& other : loaded_) {
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
  if (!options_.pinned_sha256.empty() &&
      std::ranges::find(options_.pinned_sha256, sha256) == options_.pinned_sha256.end())
    refused.push_back(refusal(file, Stage::trust, codes::not_pinned,
                              "its SHA-256 " + sha256 + " is not in the list of trusted plugins"));
  if (crashes_.is_quarantined(manifest.id, sha256))
    refused.push_back(refusal(file, Stage::trust, codes::quarantined,
                              "plugin \"" + manifest.id + "\" crashed the daemon twice within " +
                                  std::to_string(CrashHistory::window.count()) + " minutes"));
}

PluginHost::Found PluginHost::find(ComponentKind kind, std::string_view component_id) const {
  for (const auto& plugin : loaded_)
    for (const auto& component : plugin->manifest().components)
      if (component.kind == kind && component.id == component_id) return {plugin, &component};
  return {};
}

}  // namespace opi::plugins
