#include "plugins/inspection.hpp"

#include <algorithm>

#include "plugins/abi.hpp"
#include "plugins/elf_file.hpp"
#include "plugins/refusal_codes.hpp"
#include "plugins/seal.hpp"

namespace opi::plugins {

Manifest inspect(const Candidate& candidate, std::uint16_t offered_minor, std::vector<Refusal>& refused) {
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
  else if (manifest.abi_minor > offered_minor)
    refuse(codes::newer_minor, "plugin needs ABI 1." + std::to_string(manifest.abi_minor) + ", this host offers 1." +
                                   std::to_string(offered_minor));
  return manifest;
}

}  // namespace opi::plugins
