#include "check/guarded_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace opi::tool {

namespace {

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

GuardedMemory::~GuardedMemory() {
  for (const auto& mapping : mappings_) ::munmap(mapping.start, mapping.readable + page_bytes());
}

void GuardedMemory::reuse() {
  for (auto& mapping : mappings_) mapping.in_use = false;
}

void* GuardedMemory::free_memory(std::size_t readable) {
  for (auto& mapping : mappings_)
    if (!mapping.in_use && mapping.readable == readable) return mapping.in_use = true, mapping.start;
  void* const start = ::mmap(nullptr, readable + page_bytes(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  mappings_.push_back({start, readable, true});
  if (::mprotect(start, readable, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  return start;
}

void* GuardedMemory::copy(const void* bytes, std::size_t size) {
  if (size == 0) return nullptr;
  const auto readable = (size + page_bytes() - 1) / page_bytes() * page_bytes();
  char* const place = static_cast<char*>(free_memory(readable)) + readable - size;
  std::memcpy(place, bytes, size);
  return place;
}

std::string_view GuardedMemory::copy(std::string_view text) {
  return {static_cast<const char*>(copy(text.data(), text.size())), text.size()};
}

}  // namespace opi::tool
