#pragma once
#include <sys/socket.h>

#include <string>

namespace opi::api {

// Whom a connection's limits count for: an IPv4 address, or the /64 of an IPv6 address, because one machine has all of
// that. An IPv4 address in IPv6's clothes is the IPv4 address.
std::string remote_address(const sockaddr_storage& peer);

}  // namespace opi::api
