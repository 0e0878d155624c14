#include "check/guarded_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace opi::tool {

GuardedMemory::~GuardedMemory() {
  for (const auto& mapping : mappings_) ::munmap(mapping.start, mapping.size);
}

void* GuardedMemory::copy(const void* bytes, std::size_t size) {
  if (size == 0) return nullptr;
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto readable = (size + page - 1) / page * page;
  void* const start = ::mmap(nullptr, readable + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  mappings_.push_back({start, readable + page});
  if (::mprotect(start, readable, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  char* const place = static_cast<char*>(start) + readable - size;
  std::memcpy(place, bytes, size);
  return place;
}

std::string_view GuardedMemory::copy(std::string_view text) {
  return {static_cast<const char*>(copy(text.data(), text.size())), text.size()};
}

}  // namespace opi::tool
