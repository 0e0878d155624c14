#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace opi::plugins {

// What the loader wants to know of a shared library before any of its code runs, read from its bytes as the dynamic
// linker would: through program headers and the dynamic section, not through section headers.
struct ElfFacts {
  std::vector<std::string> manifests;  // contents of the notes OPI / OPI_NOTE_MANIFEST
  std::vector<std::string> exports;    // names of the defined dynamic symbols, at most 64
  bool executable_stack = false;
  bool text_relocations = false;
};

// Not an x86-64 (or, on such a host, AArch64) ELF shared library for Linux.
class NotElf : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// An ELF file whose tables point outside of it or contradict each other.
class DamagedElf : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Every offset and count is checked before it is followed; any bytes are safe to pass. Throws NotElf, DamagedElf.
ElfFacts read_elf(std::string_view bytes);

}  // namespace opi::plugins
