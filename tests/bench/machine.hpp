#pragma once
#include <sys/types.h>

#include <cstdint>

namespace opi::bench {

// Seconds of processor time that the whole machine has spent on work so far.
double machine_cpu_seconds();
// The same of one process.
double process_cpu_seconds(pid_t process);
// Bytes that a process has caused to be written to storage.
std::uint64_t process_written_bytes(pid_t process);
double now_seconds();

}  // namespace opi::bench
