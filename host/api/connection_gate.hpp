#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "api/deadline_watch.hpp"
#include "api/problem.hpp"

namespace opi::api {

// One thread that holds all connections which no request is served on: it accepts them, collects each request's head,
// and a small body with it, and hands a connection over only when they are there. So whoever connects and is slow, or
// idle, costs a descriptor and some bytes, but no thread. Refuses by itself: too many connections (503), a head that is
// too large (431) or does not come (408).
class ConnectionGate {
 public:
  // Bodies of at most this size are collected with the head, if their length is told: they can be read at once.
  static constexpr std::size_t collected_body_bytes = 16 * 1024;

  struct Options {
    std::size_t connections = 1024;
    std::size_t connections_per_address = 256;
    std::chrono::milliseconds head_timeout{10'000};  // from the first byte; of a new connection, from its beginning;
                                                     // for a body that is collected, too
    std::chrono::milliseconds keep_alive{30'000};    // that a connection may be idle between requests
    std::chrono::milliseconds io_timeout{15'000};    // of one read or write by whom a connection was handed to
  };
  // A connection with a request that can be served.
  struct Ready {
    std::uint64_t connection = 0;
    int socket = -1;
    std::string address;  // remote
    std::string bytes;    // what was read: a whole head and whatever followed
    std::size_t head_bytes = 0;
  };

  // `listener`: a listening socket that does not block and outlives the gate. `watch` is run here.
  ConnectionGate(int listener, DeadlineWatch& watch, const Options& options);
  ~ConnectionGate();  // stops
  ConnectionGate(const ConnectionGate&) = delete;
  ConnectionGate& operator=(const ConnectionGate&) = delete;

  void start();
  // Waits for a connection to serve; nullopt once the gate is stopped and all that were ready are taken. The taker
  // gives it back by finished() and does not close it. Thread-safe.
  std::optional<Ready> take();
  // `unread`: bytes that were read and belong to the next request. Without keep_alive the connection is closed, after
  // the client had a moment to read its answer. Thread-safe.
  void finished(std::uint64_t connection, bool keep_alive, std::string unread);
  // Accepts no more, closes the connections that wait, lets what is ready be taken. Idempotent.
  void stop();

  [[nodiscard]] std::size_t connections() const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class State { reading, serving, closing };
  struct Connection {
    int socket = -1;
    std::string address;
    State state = State::reading;
    std::string bytes;
    bool idle = false;  // between two requests
    std::size_t looked_at = 0;
    std::size_t head_bytes = 0, wanted_bytes = 0;  // once the head is whole
    std::size_t discarded = 0;
    TimePoint deadline{};
  };
  using Connections = std::unordered_map<std::uint64_t, Connection>;

  void loop();
  void accept_some(TimePoint now);
  void admit(int socket, std::string address, TimePoint now);
  void readable(std::uint64_t id, TimePoint now);
  void read_head(std::uint64_t id, Connection& connection, TimePoint now);
  // Goes on with what was read: hands the connection over, refuses it, or waits for more.
  void look(std::uint64_t id, Connection& connection, TimePoint now);
  void hand_over(std::uint64_t id, Connection& connection);
  void discard(std::uint64_t id, Connection& connection);
  void refuse(std::uint64_t id, Connection& connection, const Problem& problem, TimePoint now);
  void begin_closing(std::uint64_t id, Connection& connection, TimePoint now);
  void close(std::uint64_t id);
  void sweep(TimePoint now);
  void listen(bool on);
  void arm(std::uint64_t id, const Connection& connection, int operation);
  void wake();

  const int listener_;
  DeadlineWatch& watch_;
  const Options options_;
  const int epoll_, event_;

  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  Connections connections_;
  std::map<std::string, std::size_t> per_address_;
  std::deque<Ready> ready_;
  std::uint64_t last_id_ = 1;
  std::size_t closing_ = 0;
  bool listening_ = true, stopping_ = false;
  std::thread thread_;
};

}  // namespace opi::api
