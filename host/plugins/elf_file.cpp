#include "plugins/elf_file.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "plugins/abi.hpp"

namespace opi::plugins {
namespace {

#if defined(__aarch64__)
constexpr auto our_machine = EM_AARCH64;
#else
constexpr auto our_machine = EM_X86_64;
#endif
constexpr std::size_t max_program_headers = 128, max_dynamic_entries = 1024, max_notes = 64, max_exports = 64;
constexpr std::uint64_t max_symbols = 1'000'000;

// Bytes that can only be read within their bounds.
class Image {
 public:
  explicit Image(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::string_view slice(std::uint64_t offset, std::uint64_t size, const char* what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
      throw DamagedElf(std::string(what) + " lies outside of the file");
    return bytes_.substr(offset, size);
  }
  // A copy: the file's alignment is not to be trusted.
  template <class T>
  [[nodiscard]] T read(std::uint64_t offset, const char* what) const {
    T value;
    std::memcpy(&value, slice(offset, sizeof(T), what).data(), sizeof(T));
    return value;
  }

 private:
  std::string_view bytes_;
};

struct Dynamic {
  std::optional<std::uint64_t> symbols, strings, strings_size, gnu_hash, sysv_hash;
  std::vector<std::uint64_t> names;  // offsets into strings: the dynamic linker reads them whenever it loads anything
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : image_(bytes) {}

  ElfFacts read() {
    read_header();
    bool has_dynamic = false;
    for (const auto& header : headers_) {
      if (header.p_type == PT_GNU_STACK) facts_.executable_stack = (header.p_flags & PF_X) != 0;
      if (header.p_type == PT_NOTE) read_notes(header);
      if (header.p_type == PT_DYNAMIC) {
        has_dynamic = true;
        read_dynamic(header);
      }
      if (header.p_type == PT_LOAD) (void)image_.slice(header.p_offset, header.p_filesz, "a loadable segment");
    }
    if (!has_dynamic) throw NotElf("is an ELF file, but not a shared library");
    read_exports();
    return std::move(facts_);
  }

 private:
  void read_header() {
    std::string_view identification;
    try {
      identification = image_.slice(0, EI_NIDENT, "the ELF header");
    } catch (const DamagedElf&) {
      throw NotElf("is too short to be an ELF file");
    }
    if (std::memcmp(identification.data(), ELFMAG, SELFMAG) != 0) throw NotElf("is not an ELF file");
    const auto header = image_.read<Elf64_Ehdr>(0, "the ELF header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != our_machine)
      throw NotElf("is built for another kind of machine");
    if (header.e_type != ET_DYN) throw NotElf("is an ELF file, but not a shared library");
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > max_program_headers)
      throw DamagedElf("the program header table has an impossible size");
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
      const auto place = i * sizeof(Elf64_Phdr);
      if (header.e_phoff > UINT64_MAX - place) throw DamagedElf("the program header table lies outside of the file");
      headers_.push_back(image_.read<Elf64_Phdr>(header.e_phoff + place, "the program header table"));
    }
  }

  void read_notes(const Elf64_Phdr& header) {
    const Image notes(image_.slice(header.p_offset, header.p_filesz, "a note segment"));
    const std::uint64_t align = header.p_align == 8 ? 8 : 4;
    const auto aligned = [align](std::uint64_t n) { return (n + align - 1) / align * align; };
    std::uint64_t at = 0;
    for (std::size_t count = 0; header.p_filesz - at >= sizeof(Elf64_Nhdr) && at <= header.p_filesz; ++count) {
      if (count == max_notes) throw DamagedElf("there are too many notes");
      const auto note = notes.read<Elf64_Nhdr>(at, "a note");
      at += sizeof(Elf64_Nhdr);
      const auto name = notes.slice(at, note.n_namesz, "a note's name");
      at += aligned(note.n_namesz);
      const auto content = notes.slice(at, note.n_descsz, "a note's content");
      at += aligned(note.n_descsz);
      if (note.n_type == OPI_NOTE_MANIFEST && name == std::string_view{OPI_NOTE_NAME, sizeof(OPI_NOTE_NAME)})
        facts_.manifests.emplace_back(content);
      if (at > header.p_filesz) break;  // the last note's padding may be cut off
    }
  }

  void read_dynamic(const Elf64_Phdr& header) {
    const Image entries(image_.slice(header.p_offset, header.p_filesz, "the dynamic section"));
    for (std::uint64_t i = 0;; ++i) {
      if (i == max_dynamic_entries) throw DamagedElf("the dynamic section has no end");
      const auto entry = entries.read<Elf64_Dyn>(i * sizeof(Elf64_Dyn), "the dynamic section");
      switch (entry.d_tag) {
        case DT_NULL: return;
        case DT_SYMTAB: dynamic_.symbols = entry.d_un.d_ptr; break;
        case DT_STRTAB: dynamic_.strings = entry.d_un.d_ptr; break;
        case DT_STRSZ: dynamic_.strings_size = entry.d_un.d_val; break;
        case DT_GNU_HASH: dynamic_.gnu_hash = entry.d_un.d_ptr; break;
        case DT_HASH: dynamic_.sysv_hash = entry.d_un.d_ptr; break;
        case DT_SONAME:
        case DT_NEEDED:
        case DT_RPATH:
        case DT_RUNPATH: dynamic_.names.push_back(entry.d_un.d_val); break;
        case DT_TEXTREL: facts_.text_relocations = true; break;
        case DT_FLAGS:
          if ((entry.d_un.d_val & DF_TEXTREL) != 0) facts_.text_relocations = true;
          break;
        default: break;
      }
    }
  }

  // The place in the file of an address in the loaded library.
  [[nodiscard]] std::uint64_t offset_of(std::uint64_t address, const char* what) const {
    for (const auto& header : headers_)
      if (header.p_type == PT_LOAD && address >= header.p_vaddr && address - header.p_vaddr < header.p_filesz)
        return header.p_offset + (address - header.p_vaddr);
    throw DamagedElf(std::string(what) + " lies outside of every loadable segment");
  }

  // Index behind the last symbol that the hash table finds.
  [[nodiscard]] std::uint64_t symbol_count() const {
    if (dynamic_.sysv_hash) {
      const auto table = offset_of(*dynamic_.sysv_hash, "the symbol hash table");
      return image_.read<std::uint32_t>(table + 4, "the symbol hash table");
    }
    if (!dynamic_.gnu_hash) throw DamagedElf("there is no symbol hash table");
    const auto table = offset_of(*dynamic_.gnu_hash, "the symbol hash table");
    const auto word = [&](std::uint64_t offset) { return image_.read<std::uint32_t>(offset, "the symbol hash table"); };
    const std::uint64_t buckets = word(table), first = word(table + 4), bloom = word(table + 8);
    if (buckets > max_symbols || bloom > max_symbols) throw DamagedElf("the symbol hash table has an impossible size");
    const auto bucket_at = table + 16 + bloom * 8, chain_at = bucket_at + buckets * 4;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < buckets; ++i) last = std::max<std::uint64_t>(last, word(bucket_at + i * 4));
    if (last < first) return 0;
    while ((word(chain_at + (last - first) * 4) & 1) == 0)
      if (++last > max_symbols) throw DamagedElf("the symbol hash table has no end");
    return last + 1;
  }

  void read_exports() {
    if (!dynamic_.symbols || !dynamic_.strings || !dynamic_.strings_size)
      throw DamagedElf("the dynamic section names no symbols");
    const auto count = symbol_count();
    if (count > max_symbols) throw DamagedElf("the symbol table has an impossible size");
    const auto symbols = offset_of(*dynamic_.symbols, "the symbol table");
    const auto strings =
        image_.slice(offset_of(*dynamic_.strings, "the string table"), *dynamic_.strings_size, "the string table");
    if (strings.empty() || strings.back() != '\0') throw DamagedElf("the string table has no end");
    for (const auto name : dynamic_.names)
      if (name >= strings.size()) throw DamagedElf("a library's name lies outside of the string table");
    for (std::uint64_t i = 1; i < count; ++i) {
      const auto symbol = image_.read<Elf64_Sym>(symbols + i * sizeof(Elf64_Sym), "the symbol table");
      if (symbol.st_name >= strings.size()) throw DamagedElf("a symbol's name lies outside of the string table");
      if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
      const auto name = strings.substr(symbol.st_name);
      if (facts_.exports.size() < max_exports)
        facts_.exports.emplace_back(name.substr(0, name.find('\0')).substr(0, 256));
    }
  }

  Image image_;
  std::vector<Elf64_Phdr> headers_;
  Dynamic dynamic_;
  ElfFacts facts_;
};

}  // namespace

ElfFacts read_elf(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace opi::plugins
