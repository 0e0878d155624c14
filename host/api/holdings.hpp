#pragma once
#include <cstddef>
#include <string>
#include <unordered_map>

namespace opi::api {

// What clients hold of this server, by address and in all: connections, and bytes that wait in its memory. For one
// thread.
class Holdings {
 public:
  struct Limits {
    std::size_t connections = 1024, connections_per_address = 256;
    std::size_t bytes = 256 * 1024 * 1024, bytes_per_address = 128 * 1024 * 1024;
  };
  explicit Holdings(const Limits& limits) : limits_(limits) {}

  // False if there would be too many connections.
  bool enter(const std::string& address);
  // Whose place another address may have when all places are taken: the address with most connections, if it has at
  // least two more than `address`; empty if there is none.
  [[nodiscard]] std::string crowding_out(const std::string& address) const;
  void leave(const std::string& address);
  // Exchanges `before` bytes for `after`.
  void charge(const std::string& address, std::size_t before, std::size_t after);
  // Whether there is room for so many more bytes.
  [[nodiscard]] bool fits(const std::string& address, std::size_t more) const;
  // Who has to give something up: the address that holds too much, or if all of them together do, most; empty if
  // nobody.
  [[nodiscard]] std::string beyond(const std::string& address) const;

 private:
  struct Held {
    std::size_t connections = 0, bytes = 0;
  };
  const Limits limits_;
  std::unordered_map<std::string, Held> by_address_;
  Held all_;
};

}  // namespace opi::api
