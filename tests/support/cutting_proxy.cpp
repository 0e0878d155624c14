#include "support/cutting_proxy.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace opi::test {
namespace {

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) throw std::runtime_error("socket path too long");
  std::strcpy(address.sun_path, path.c_str());
  return address;
}

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(std::filesystem::path server_socket) : server_socket_(std::move(server_socket)) {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = address_of(folder_.path() / ".s.PGSQL.5432");
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 16) != 0)
    throw std::runtime_error("the proxy cannot listen");
  stop_event_ = ::eventfd(0, EFD_CLOEXEC);
  acceptor_ = std::thread{[this] { accept_loop(); }};
}

CuttingProxy::~CuttingProxy() {
  const std::uint64_t one = 1;  // never read: every poll() from now on sees it
  static_cast<void>(!::write(stop_event_, &one, sizeof one));
  acceptor_.join();
  for (auto& connection : connections_) connection.join();
  ::close(listener_);
  ::close(stop_event_);
}

void CuttingProxy::accept_loop() {
  for (;;) {
    std::array<pollfd, 2> entries{{{listener_, POLLIN, 0}, {stop_event_, POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), -1);
    if (entries[1].revents != 0) return;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    connections_.emplace_back([this, client] { serve(client); });
  }
}

void CuttingProxy::serve(int client) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = address_of(server_socket_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool commit_seen = false;
  while (open) {
    std::array<pollfd, 3> entries{{{client, POLLIN, 0}, {server, POLLIN, 0}, {stop_event_, POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), -1);
    if (entries[2].revents != 0) break;
    if (entries[0].revents != 0) open = forward(client, server, true, commit_seen);
    if (open && entries[1].revents != 0) open = forward(server, client, false, commit_seen);
  }
  ::close(server);
  ::close(client);
}

// False if the connection is over.
bool CuttingProxy::forward(int from, int to, bool from_client, bool& commit_seen) {
  std::array<char, 16 * 1024> buffer;
  const auto size = ::recv(from, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  const std::string_view bytes{buffer.data(), static_cast<std::size_t>(size)};
  const auto fault = fault_.load();
  if (from_client && bytes.find(std::string_view{"COMMIT\0", 7}) != std::string_view::npos) commit_seen = true;
  if (fault == Fault::stall) return true;
  if (commit_seen) {
    if (fault == Fault::cut_before_commit) return false;
    if (fault == Fault::cut_after_commit && !from_client) return false;
    if (fault == Fault::stall_at_commit) return true;
    if (!from_client) commit_seen = false;
  }
  return write_all(to, bytes);
}

}  // namespace opi::test
