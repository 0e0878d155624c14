#include "closed_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace opi::demo {

ClosedPort::ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  // Bound but never listened to: the kernel refuses connections, and gives the port to nobody else.
  if (socket_ < 0 || ::bind(socket_, generic, length) != 0 || ::getsockname(socket_, generic, &length) != 0) {
    const int error = errno;
    if (socket_ >= 0) ::close(socket_);
    throw std::system_error(error, std::generic_category(), "cannot reserve a port");
  }
  number_ = ntohs(address.sin_port);
}

ClosedPort::~ClosedPort() { ::close(socket_); }

}  // namespace opi::demo
