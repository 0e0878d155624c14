#pragma once
#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace opi::plugins {

// Which system calls this process may make: a classic BPF program over seccomp_data, in which the first rule that fits
// decides, and what none fits kills the process.
class SyscallFilter {
 public:
  SyscallFilter();
  void allow(std::span<const long> calls);
  // The kernel stops the process, and asks whoever holds the listener.
  void ask(std::span<const long> calls);
  // Does one thing if none of `bits` is set in the low half of an argument, else the other (SECCOMP_RET_…).
  void decide_by_bits(long call, int argument, std::uint32_t bits, std::uint32_t without, std::uint32_t with);
  // Kills the process if the low half of an argument is something else.
  void allow_if_one_of(long call, int argument, std::span<const std::uint32_t> values);
  void allow_if_equal(long call, int argument, std::uint32_t value) { allow_if_one_of(call, argument, {&value, 1}); }
  // Fails as on a kernel that has no such call: who made it goes on in another way.
  void refuse(long call, int error);
  // TCP and UDP over IP. The C library asks for others as well, and does without.
  void allow_internet_sockets();
  // Returns the descriptor over which the kernel asks; negative, with errno set, if it does not take the program.
  int install();

 private:
  void decide(std::span<const long> calls, std::uint32_t action);
  void load(std::size_t offset);
  void load_argument(int argument);
  void jump(int how, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false);
  void end(std::uint32_t action);

  std::vector<sock_filter> program_;
};

}  // namespace opi::plugins
