#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace opi::canary_test {

// Where a value stands in the memory of a running process.
struct MemoryHit {
  std::string mapping;  // its line in /proc/PID/smaps
  bool dumped = true;   // a core dump would hold it (the mapping is not MADV_DONTDUMP)
};

// Every place of `value` in the writable memory of a child process. Throws std::runtime_error if it cannot be read.
std::vector<MemoryHit> find_in_memory(pid_t process, std::string_view value);

}  // namespace opi::canary_test
