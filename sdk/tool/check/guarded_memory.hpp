#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

namespace opi::tool {

// Copies of bytes that end where readable memory ends: who reads one byte too many dies at once.
class GuardedMemory {
 public:
  GuardedMemory() = default;
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // Null for nothing, as the ABI allows. Throws std::bad_alloc.
  void* copy(const void* bytes, std::size_t size);
  std::string_view copy(std::string_view text);
  // What was copied so far is no longer needed: its memory serves again.
  void reuse();

 private:
  struct Mapping {
    void* start;
    std::size_t readable;  // bytes before the page that cannot be read
    bool in_use;
  };
  void* free_memory(std::size_t readable);

  std::vector<Mapping> mappings_;
};

}  // namespace opi::tool
