#include <elf.h>

#include <algorithm>
#include <cstring>

#include "check/checks.hpp"
#include "plugins/discovery.hpp"
#include "plugins/elf_file.hpp"
#include "plugins/seal.hpp"

namespace opi::tool {
namespace {

constexpr const char* build_remedy = "build with opi_add_plugin(), which sets the options of compiler and linker";

// Of an image whose tables read_elf() has found sound.
template <class T>
T read_at(std::string_view bytes, std::uint64_t offset) {
  T value{};
  if (offset <= bytes.size() && sizeof(T) <= bytes.size() - offset)
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

struct Hardening {
  bool relro = false, now = false, writable_code = false, search_path = false;
};

Hardening hardening_of(std::string_view bytes) {
  Hardening found;
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = read_at<Elf64_Phdr>(bytes, header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_GNU_RELRO) found.relro = true;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0 && (segment.p_flags & PF_X) != 0)
      found.writable_code = true;
    if (segment.p_type != PT_DYNAMIC) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
      const auto entry = read_at<Elf64_Dyn>(bytes, segment.p_offset + at);
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_BIND_NOW || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW) != 0) ||
          (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NOW) != 0))
        found.now = true;
      if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) found.search_path = true;
    }
  }
  return found;
}

void check_manifest(const plugins::ElfFacts& facts, Report& report) {
  constexpr const char* remedy = "correct the manifest; docs/writing-an-adapter.md lists its fields";
  if (facts.manifests.size() != 1)
    return report.finding(facts.manifests.empty() ? "has no manifest" : "has more than one manifest", build_remedy);
  std::vector<std::string> problems;
  const auto manifest = plugins::parse_manifest(facts.manifests.front(), problems);
  for (const auto& problem : problems) report.finding("manifest: " + problem, remedy);
  if (problems.empty() && manifest.abi_major != OPI_ABI_MAJOR)
    report.finding("manifest: /abi: is not of major " + std::to_string(OPI_ABI_MAJOR), remedy);
  if (problems.empty() && manifest.abi_minor > OPI_ABI_MINOR)
    report.finding("manifest: /abi: is newer than this SDK, which knows 1." + std::to_string(OPI_ABI_MINOR),
                   "install a newer SDK, or lower \"abi\"");
}

}  // namespace

void check_static(const Subject& subject, Report& report) {
  report.step("reading the file");
  if (subject.bytes.empty() || subject.bytes.size() > plugins::max_plugin_bytes)
    report.finding("has " + std::to_string(subject.bytes.size()) + " bytes", "a plugin has 1 byte to 64 MiB");
  if (plugins::has_broken_seal(subject.bytes))
    return report.finding("its content does not match the seal that it was built with", "build the plugin again");
  plugins::ElfFacts facts;
  try {
    facts = plugins::read_elf(subject.bytes);
  } catch (const plugins::NotElf& fault) {
    return report.finding(fault.what(), build_remedy);
  } catch (const plugins::DamagedElf& fault) {
    return report.finding(fault.what(), build_remedy);
  }
  if (std::ranges::find(facts.exports, OPI_ENTRY_SYMBOL) == facts.exports.end())
    report.finding("does not export " OPI_ENTRY_SYMBOL, "define the entry, with OPI_PLUGIN() in C++");
  for (const auto& name : facts.exports)
    if (name != OPI_ENTRY_SYMBOL) report.finding("exports \"" + name + "\" beside its entry", build_remedy);
  const auto hardening = hardening_of(subject.bytes);
  if (facts.executable_stack) report.finding("asks for an executable stack", build_remedy);
  if (facts.text_relocations) report.finding("has text relocations", build_remedy);
  if (hardening.writable_code) report.finding("has a segment that can be written and run", build_remedy);
  if (!hardening.relro) report.finding("leaves its relocated tables writable (no RELRO)", build_remedy);
  if (!hardening.now) report.finding("binds its symbols lazily (no BIND_NOW)", build_remedy);
  if (hardening.search_path)
    report.finding("looks for libraries in a directory of its own (RPATH)",
                   "link statically what the system does not have");
  check_manifest(facts, report);
}

}  // namespace opi::tool
