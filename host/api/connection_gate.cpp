#include "api/connection_gate.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "api/remote_address.hpp"

namespace opi::api {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 50ms;                          // how exactly deadlines are met
constexpr int accepted_at_once = 64;                 // then others get their turn
constexpr std::size_t written_at_once = 256 * 1024;  // in one turn
constexpr std::size_t most_refused = 64;             // refused connections that are kept open for a moment
constexpr int kernel_buffer_bytes = 128 * 1024;      // of an answer: what clients do not read must not pile up there
constexpr std::uint64_t listener_id = 0, desk_id = 1;

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

void watch(int epoll, int operation, int descriptor, std::uint64_t id, std::uint32_t events) {
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.u64 = id;
  checked(epoll_ctl(epoll, operation, descriptor, &wanted), "epoll_ctl");
}

}  // namespace

ConnectionGate::ConnectionGate(int listener, RequestDesk& desk, const Options& options)
    : listener_(listener),
      desk_(desk),
      options_(options),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      holdings_(options.limits) {
  watch(epoll_, EPOLL_CTL_ADD, listener_, listener_id, EPOLLIN);
  watch(epoll_, EPOLL_CTL_ADD, desk_.event(), desk_id, EPOLLIN);
}

ConnectionGate::~ConnectionGate() {
  stop();
  for (const auto& [id, connection] : connections_) ::close(connection.socket);
  ::close(epoll_);
}

void ConnectionGate::start() {
  thread_ = std::thread([this] { loop(); });
}

void ConnectionGate::request_stop(TimePoint patience) {
  if (stopping_) return;
  patience_ = patience.time_since_epoch();
  stopping_ = true;
  desk_.wake();
}

void ConnectionGate::stop() {
  request_stop(TimePoint::max());
  if (thread_.joinable()) thread_.join();
}

// --- the loop ---

void ConnectionGate::loop() noexcept {
  std::array<epoll_event, 64> events{};
  TimePoint swept{};
  while (!ending_ || !connections_.empty()) {
    const int wait = again_.empty() ? static_cast<int>(tick.count()) : 0;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait);
    const TimePoint now = std::chrono::steady_clock::now();
    if (stopping_ && !ending_) end_idle();
    for (const auto id : std::exchange(again_, {})) {
      if (const auto found = connections_.find(id); found != connections_.end()) found->second.queued = false;
      guarded(id, [&] { turn(id, now); });
    }
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == listener_id) {
        guarded([&] { accept_some(now); });
      } else if (event.data.u64 == desk_id) {
        guarded([&] { collect(now); });
      } else if (const auto found = connections_.find(event.data.u64); found != connections_.end()) {
        const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
        found->second.readable |= broken || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0;
        found->second.writable |= broken || (event.events & EPOLLOUT) != 0;
        guarded(event.data.u64, [&] { turn(event.data.u64, now); });
      }
    }
    if (now - swept >= tick) {
      guarded([&] { sweep(now); });
      swept = now;
    }
  }
}

void ConnectionGate::again(std::uint64_t id, Connection& connection) {
  if (std::exchange(connection.queued, true)) return;
  again_.push_back(id);
}

void ConnectionGate::turn(std::uint64_t id, TimePoint now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  switch (connection.state) {
    case State::reading:
      if (connection.readable) read(id, connection, now);
      return;
    case State::serving: return;  // what it sends meanwhile can wait in the kernel
    case State::writing:
      if (connection.writable) write(id, connection, now);
      return;
    case State::closing:
      if (connection.readable) discard(id, connection);
      return;
  }
}

void ConnectionGate::listen(bool on) {
  watch(epoll_, EPOLL_CTL_MOD, listener_, listener_id, on ? EPOLLIN : 0U);
  listening_ = on;
}

bool ConnectionGate::under_way(const Connection& connection) const {
  return connection.state == State::serving || connection.state == State::writing || connection.admission;
}

void ConnectionGate::end_idle() {
  ending_ = true;
  // The kernel is to refuse, too: else clients would wait for nothing until the last answer is written.
  epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  listening_ = false;
  shutdown(listener_, SHUT_RD);
  for (auto next = connections_.begin(); next != connections_.end();) {
    const auto one = next++;  // closing takes it, and no other, out
    if (!under_way(one->second)) close(one->first);
  }
}

// --- accepting ---

void ConnectionGate::accept_some(TimePoint now) {
  if (ending_) return;
  for (int i = 0; i < accepted_at_once; ++i) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int socket = accept4(listener_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      // Without descriptors or memory, accepting would fail at once again and again: pause until the next sweep.
      if (!would_block()) listen(false);
      return;
    }
    // Its place first: whatever fails from then on closes it.
    const auto id = ++last_id_;
    if (!guarded([&] { connections_[id].socket = socket; })) {
      ::close(socket);
      continue;
    }
    guarded(id, [&] { admit(id, remote_address(peer), now); });
  }
}

void ConnectionGate::admit(std::uint64_t id, std::string address, TimePoint now) {
  Connection& connection = connections_.at(id);
  connection.address = std::move(address);
  const auto& own = connection.address;
  connection.entered = holdings_.enter(own) || (make_place(own) && holdings_.enter(own));
  if (!connection.entered && closing_ >= most_refused) return close(id);
  const int on = 1;
  setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(connection.socket, SOL_SOCKET, SO_SNDBUF, &kernel_buffer_bytes, sizeof kernel_buffer_bytes);
  connection.deadline = now + options_.head_timeout;
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  wanted.data.u64 = id;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &wanted) != 0) return close(id);  // no memory for another one
  if (!connection.entered) refuse(id, connection, unavailable("There are too many connections", 5), now);
}

// --- reading ---

std::optional<std::string_view> ConnectionGate::receive(Connection& connection) {
  const auto count = recv(connection.socket, block_.data(), block_.size(), 0);
  if (count < 0 && would_block()) {
    connection.readable = false;
    return std::nullopt;
  }
  return std::string_view{block_.data(), count < 0 ? 0 : static_cast<std::size_t>(count)};
}

void ConnectionGate::read(std::uint64_t id, Connection& connection, TimePoint now) {
  const auto bytes = receive(connection);
  if (!bytes) return;
  if (bytes->empty()) {
    if (const auto problem = connection.reader.ended()) return refuse(id, connection, *problem, now);
    return close(id);
  }
  if (connection.idle) connection.deadline = now + options_.head_timeout;
  connection.idle = false;
  connection.received += bytes->size();
  if (const auto problem = connection.reader.feed(*bytes)) return refuse(id, connection, *problem, now);
  look(id, connection, now);
}

void ConnectionGate::look(std::uint64_t id, Connection& connection, TimePoint now) {
  const auto held = connection.reader.admitted_bytes();
  if (held > connection.charged && !holdings_.fits(connection.address, held - connection.charged))
    return refuse(id, connection, too_many_bytes(), now);
  charge(connection, held);
  const auto stage = connection.reader.stage();
  if (stage == RequestReader::Stage::whole || stage == RequestReader::Stage::decision)
    hand_over(id, connection);
  else
    again(id, connection);
}

void ConnectionGate::hand_over(std::uint64_t id, Connection& connection) {
  Inbound inbound{connection.address, connection.reader.head(), connection.reader.framing(), std::nullopt,
                  std::exchange(connection.admission, std::nullopt)};
  if (connection.reader.stage() == RequestReader::Stage::whole) inbound.body = connection.reader.take_body();
  connection.state = State::serving;
  desk_.put({id, std::move(inbound)});
}

void ConnectionGate::begin_body(std::uint64_t id, Connection& connection, Continue wanted, TimePoint now) {
  const auto& framing = connection.reader.framing();
  if (!framing.chunked && !holdings_.fits(connection.address, framing.length))
    return refuse(id, connection, too_many_bytes(), now);
  if (framing.expects_continue) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    // Whose kernel buffer has no room for a line reads nothing, and is not asked for more.
    if (send(connection.socket, go_on.data(), go_on.size(), MSG_NOSIGNAL) != std::ssize(go_on)) return close(id);
  }
  connection.state = State::reading;
  connection.admission = std::move(wanted.admission);
  measure(connection, now);
  connection.deadline = now + options_.body_timeout;
  if (const auto problem = connection.reader.admit(wanted.limit)) return refuse(id, connection, *problem, now);
  look(id, connection, now);
}

// --- answering ---

void ConnectionGate::collect(TimePoint now) {
  for (auto& done : desk_.collect()) {
    const auto found = connections_.find(done.connection);
    if (found == connections_.end()) continue;
    guarded(done.connection, [&] {
      if (auto* reply = std::get_if<Reply>(&done.outcome))
        begin_answer(done.connection, found->second, std::move(*reply), now);
      else
        begin_body(done.connection, found->second, std::move(std::get<Continue>(done.outcome)), now);
    });
  }
}

void ConnectionGate::begin_answer(std::uint64_t id, Connection& connection, Reply reply, TimePoint now) {
  connection.state = State::writing;
  connection.output = std::move(reply.bytes);
  connection.keep_alive = reply.keep_alive;
  connection.written = 0;
  connection.since = now;
  charge(connection, 0);
  connection.deadline = now + options_.body_timeout;
  write(id, connection, now);
}

void ConnectionGate::write(std::uint64_t id, Connection& connection, TimePoint now) {
  const auto rest = std::string_view(connection.output).substr(connection.written, written_at_once);
  const auto count = send(connection.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (count < 0 && !would_block()) return close(id);
  if (count > 0)
    connection.written += static_cast<std::size_t>(count), connection.sent += static_cast<std::size_t>(count);
  if (connection.written == connection.output.size()) return answered(id, connection, now);
  if (!connection.entered) return close(id);  // a refusal that nobody takes
  connection.writable = count == std::ssize(rest);
  if (connection.writable) again(id, connection);
  if (connection.charged == 0) measure(connection, now);  // it is going to take its time
  charge(connection, connection.output.size());
  make_room(std::string(connection.address));
}

void ConnectionGate::answered(std::uint64_t id, Connection& connection, TimePoint now) {
  std::string().swap(connection.output);  // an assignment would keep the memory
  charge(connection, 0);
  if (ending_) return close(id);
  if (!connection.keep_alive) return begin_closing(id, connection, now);
  connection.state = State::reading;
  if (const auto problem = connection.reader.next()) return refuse(id, connection, *problem, now);
  connection.idle = !connection.reader.begun();
  connection.deadline = now + (connection.idle ? options_.keep_alive : options_.head_timeout);
  look(id, connection, now);
}

}  // namespace opi::api
