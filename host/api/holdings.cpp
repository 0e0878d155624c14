#include "api/holdings.hpp"

#include <algorithm>

namespace opi::api {

bool Holdings::enter(const std::string& address) {
  const auto found = by_address_.find(address);
  if (all_.connections >= limits_.connections ||
      (found != by_address_.end() && found->second.connections >= limits_.connections_per_address))
    return false;
  ++by_address_[address].connections;
  ++all_.connections;
  return true;
}

std::string Holdings::crowding_out(const std::string& address) const {
  if (all_.connections < limits_.connections) return {};
  const auto most = std::ranges::max_element(by_address_, {}, [](const auto& one) { return one.second.connections; });
  const auto own = by_address_.find(address);
  const std::size_t has = own == by_address_.end() ? 0 : own->second.connections;
  return most != by_address_.end() && most->second.connections >= has + 2 ? most->first : std::string();
}

void Holdings::leave(const std::string& address) {
  const auto found = by_address_.find(address);
  --all_.connections;
  if (--found->second.connections == 0) by_address_.erase(found);
}

void Holdings::charge(const std::string& address, std::size_t before, std::size_t after) {
  auto& own = by_address_.at(address);
  own.bytes += after - before;
  all_.bytes += after - before;
}

bool Holdings::fits(const std::string& address, std::size_t more) const {
  const auto& own = by_address_.at(address);
  return own.bytes + more <= limits_.bytes_per_address && all_.bytes + more <= limits_.bytes;
}

std::string Holdings::beyond(const std::string& address) const {
  const auto own = by_address_.find(address);  // it is gone with its last connection
  if (own != by_address_.end() && own->second.bytes > limits_.bytes_per_address) return address;
  if (all_.bytes <= limits_.bytes) return {};
  return std::ranges::max_element(by_address_, {}, [](const auto& one) { return one.second.bytes; })->first;
}

}  // namespace opi::api
