#include "api/remote_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace opi::api {

std::string remote_address(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = {};
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &peer, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return text;
  }
  if (peer.ss_family != AF_INET6) return "unknown";
  sockaddr_in6 v6{};
  std::memcpy(&v6, &peer, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
    return text;
  }
  std::memset(v6.sin6_addr.s6_addr + 8, 0, 8);
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return std::string(text) + "/64";
}

}  // namespace opi::api
