#include "api/connection_gate.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "api/http_exchange.hpp"
#include "api/remote_address.hpp"
#include "api/request_head_rules.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 50ms;                    // how exactly deadlines are met
constexpr auto linger = 1'000ms;               // for a client to read a last answer
constexpr int accepted_at_once = 64;           // then others get their turn
constexpr std::size_t block_bytes = 4 * 1024;  // of a read
constexpr std::size_t discarded_at_once = 64 * 1024;
constexpr std::size_t most_discarded = 1024 * 1024;
constexpr std::size_t most_refused = 64;  // refused connections that are kept open for a moment
constexpr std::uint64_t listener_id = 0, event_id = 1;

int checked(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), what);
  return descriptor;
}

void set_options(int socket, std::chrono::milliseconds timeout) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  timeval time{};
  time.tv_sec = timeout.count() / 1000;
  time.tv_usec = timeout.count() % 1000 * 1000;
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

}  // namespace

ConnectionGate::ConnectionGate(int listener, DeadlineWatch& watch, const Options& options)
    : listener_(listener),
      watch_(watch),
      options_(options),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      event_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u64 = listener_id;
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &wanted), "epoll_ctl");
  wanted.data.u64 = event_id;
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &wanted), "epoll_ctl");
}

ConnectionGate::~ConnectionGate() {
  stop();
  for (const auto& [id, connection] : connections_) ::close(connection.socket);
  ::close(event_);
  ::close(epoll_);
}

void ConnectionGate::start() {
  thread_ = std::thread([this] { loop(); });
}

void ConnectionGate::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      listen(false);
    }
  }
  changed_.notify_all();
  wake();
  if (thread_.joinable()) thread_.join();
}

void ConnectionGate::wake() {
  const std::uint64_t one = 1;
  if (write(event_, &one, sizeof one) < 0) return;  // full: it is awake
}

std::optional<ConnectionGate::Ready> ConnectionGate::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
  if (ready_.empty()) return std::nullopt;
  Ready ready = std::move(ready_.front());
  ready_.pop_front();
  return ready;
}

std::size_t ConnectionGate::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void ConnectionGate::loop() {
  std::array<epoll_event, 64> events{};
  TimePoint swept{};
  for (;;) {
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(tick.count()));
    const TimePoint now = std::chrono::steady_clock::now();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
      for (int i = 0; i < count; ++i) {
        const auto id = events[static_cast<std::size_t>(i)].data.u64;
        if (id == listener_id)
          accept_some(now);
        else if (id != event_id)
          readable(id, now);
      }
      if (now - swept >= tick) {
        sweep(now);
        swept = now;
      }
    }
    watch_.run_once(now);
  }
  // Those being served come back by finished(), which closes them; until then their deadlines still hold.
  for (bool serving = true; serving;) {
    {
      const std::lock_guard lock(mutex_);
      std::vector<std::uint64_t> idle;
      for (const auto& [id, connection] : connections_)
        if (connection.state != State::serving) idle.push_back(id);
      for (const auto id : idle) close(id);
      serving = !connections_.empty();
    }
    watch_.run_once(std::chrono::steady_clock::now());
    if (serving) std::this_thread::sleep_for(tick / 10);
  }
}

void ConnectionGate::listen(bool on) {
  epoll_event wanted{};
  wanted.events = on ? EPOLLIN : 0U;
  wanted.data.u64 = listener_id;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &wanted);
  listening_ = on;
}

void ConnectionGate::arm(std::uint64_t id, const Connection& connection, int operation) {
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  wanted.data.u64 = id;
  epoll_ctl(epoll_, operation, connection.socket, &wanted);
}

void ConnectionGate::accept_some(TimePoint now) {
  for (int i = 0; i < accepted_at_once; ++i) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int socket = accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      // Without descriptors or memory, accepting would fail at once again and again: pause until the next sweep.
      if (errno != EAGAIN && errno != EWOULDBLOCK) listen(false);
      return;
    }
    admit(socket, remote_address(peer), now);
  }
}

void ConnectionGate::admit(int socket, std::string address, TimePoint now) {
  set_options(socket, options_.io_timeout);
  const auto own = per_address_.find(address);
  const bool full = connections_.size() - closing_ >= options_.connections ||
                    (own != per_address_.end() && own->second >= options_.connections_per_address);
  if (full && closing_ >= most_refused) {
    ::close(socket);
    return;
  }
  const auto id = ++last_id_;
  Connection& connection = connections_[id];
  connection.socket = socket;
  connection.address = std::move(address);
  connection.deadline = now + options_.head_timeout;
  ++per_address_[connection.address];
  arm(id, connection, EPOLL_CTL_ADD);
  if (full) refuse(id, connection, unavailable("There are too many connections", 5), now);
}

void ConnectionGate::readable(std::uint64_t id, TimePoint now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (found->second.state == State::reading)
    read_head(id, found->second, now);
  else if (found->second.state == State::closing)
    discard(id, found->second);
  // Of those being served: their reader sees it, and their return arms them anew.
}

void ConnectionGate::read_head(std::uint64_t id, Connection& connection, TimePoint now) {
  for (;;) {
    std::array<char, block_bytes> bytes;
    const auto count = recv(connection.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    // A body that ends early is told so by whoever reads it.
    if (count == 0 && connection.head_bytes > 0) return hand_over(id, connection);
    if (count <= 0) return close(id);
    if (connection.idle) connection.deadline = now + options_.head_timeout;
    connection.idle = false;
    connection.bytes.append(bytes.data(), static_cast<std::size_t>(count));
    look(id, connection, now);
    if (connection.state != State::reading) return;
  }
}

void ConnectionGate::look(std::uint64_t id, Connection& connection, TimePoint now) {
  auto& bytes = connection.bytes;
  if (connection.head_bytes == 0) {
    if (connection.looked_at == 0) bytes.erase(0, std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
    const auto end = end_of_head(bytes, connection.looked_at);
    connection.looked_at = bytes.size();
    if (end.value_or(bytes.size()) > HeadLimits::bytes)
      return refuse(id, connection,
                    head_too_large("The head may have at most " + std::to_string(HeadLimits::bytes) + " bytes"), now);
    if (!end) return;
    connection.head_bytes = *end;
    connection.wanted_bytes = *end + plain_body_bytes(std::string_view(bytes).substr(0, *end), collected_body_bytes);
  }
  if (bytes.size() >= connection.wanted_bytes) hand_over(id, connection);
}

void ConnectionGate::hand_over(std::uint64_t id, Connection& connection) {
  connection.state = State::serving;
  ready_.push_back({id, connection.socket, connection.address, std::move(connection.bytes), connection.head_bytes});
  connection.bytes.clear();
  connection.looked_at = connection.head_bytes = 0;
  changed_.notify_one();
}

void ConnectionGate::finished(std::uint64_t id, bool keep_alive, std::string unread) {
  const TimePoint now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  Connection& connection = connections_.at(id);
  if (stopping_) return close(id);
  if (!keep_alive) return begin_closing(id, connection, now);
  connection.state = State::reading;
  connection.bytes = std::move(unread);
  connection.looked_at = 0;
  connection.idle = connection.bytes.empty();
  connection.deadline = now + (connection.idle ? options_.keep_alive : options_.head_timeout);
  look(id, connection, now);
  if (connection.state == State::reading) arm(id, connection, EPOLL_CTL_MOD);
}

void ConnectionGate::refuse(std::uint64_t id, Connection& connection, const Problem& problem, TimePoint now) {
  const auto response = closing_response(to_response(problem));
  // Fits the socket's empty buffer; who has hung up does not read it anyway.
  send(connection.socket, response.data(), response.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  begin_closing(id, connection, now);
}

// Closing with unread input would reset the connection, and the client could lose the answer: what still comes is
// thrown away until the client closes, too, or a moment has passed.
void ConnectionGate::begin_closing(std::uint64_t id, Connection& connection, TimePoint now) {
  shutdown(connection.socket, SHUT_WR);
  connection.state = State::closing;
  ++closing_;
  connection.bytes = {};
  connection.deadline = now + linger;
  arm(id, connection, EPOLL_CTL_MOD);
}

void ConnectionGate::discard(std::uint64_t id, Connection& connection) {
  for (std::size_t now_discarded = 0;;) {
    std::array<char, block_bytes> bytes;
    const auto count = recv(connection.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count > 0) {
      now_discarded += static_cast<std::size_t>(count);
      connection.discarded += static_cast<std::size_t>(count);
    }
    if (count <= 0 || connection.discarded > most_discarded) return close(id);
    if (now_discarded >= discarded_at_once) return arm(id, connection, EPOLL_CTL_MOD);
  }
}

void ConnectionGate::close(std::uint64_t id) {
  const auto found = connections_.find(id);
  const auto own = per_address_.find(found->second.address);
  if (--own->second == 0) per_address_.erase(own);
  if (found->second.state == State::closing) --closing_;
  ::close(found->second.socket);
  connections_.erase(found);
}

void ConnectionGate::sweep(TimePoint now) {
  std::vector<std::uint64_t> late;
  for (const auto& [id, connection] : connections_)
    if (connection.state != State::serving && now >= connection.deadline) late.push_back(id);
  for (const auto id : late) {
    Connection& connection = connections_.at(id);
    if (connection.state == State::reading && !connection.bytes.empty()) {
      Problem problem;
      problem.status = 408;
      problem.code = "request-timeout";
      problem.title = "The request did not arrive in time";
      problem.detail = "It did not arrive within " + std::to_string(options_.head_timeout.count()) + " ms";
      refuse(id, connection, problem, now);
    } else {
      close(id);
    }
  }
  if (!listening_) listen(true);
}

}  // namespace opi::api
