#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "egress/system_resolver.hpp"

namespace opi::egress {

Resolution SystemResolver::system_lookup(const std::string& host) {
  constexpr std::size_t max_addresses = 16;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  Resolution resolution;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    resolution.failure = gai_strerror(error);
    return resolution;
  }
  for (const addrinfo* at = found; at != nullptr && resolution.addresses.size() < max_addresses; at = at->ai_next) {
    IpAddress address;
    if (at->ai_family == AF_INET) {
      std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr, 4);
    } else if (at->ai_family == AF_INET6) {
      address.v6 = true;
      std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr, 16);
    } else {
      continue;
    }
    if (std::ranges::find(resolution.addresses, address) == resolution.addresses.end())
      resolution.addresses.push_back(address);
  }
  freeaddrinfo(found);
  if (resolution.addresses.empty()) resolution.failure = "the name has no address";
  return resolution;
}

}  // namespace opi::egress
