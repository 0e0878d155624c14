#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "api/holdings.hpp"
#include "api/problem.hpp"
#include "api/request_desk.hpp"
#include "api/request_reader.hpp"
#include "telemetry/logger.hpp"

namespace opi::api {

// One thread that holds all connections and does everything that depends on how fast their clients are: it accepts
// them, collects requests, lays them on the desk, and writes the answers that come back from there. So whoever is slow,
// idle, or reads nothing costs a descriptor and some bytes, but no thread that serves requests. Connections are this
// thread's alone: there is no lock. Each gets one block a turn, and one request at a time: the next one is looked at
// once the answer is handed to the kernel, so one answer at most waits here.
//
// Refuses by itself: too many connections or bytes (503), a head that is too large (431), what does not come in time or
// comes too slowly (408), and what is no request (400).
class ConnectionGate {
 public:
  struct Options {
    Holdings::Limits limits;  // bytes: of admitted bodies and of answers; heads and small bodies have their own limits
    std::chrono::milliseconds head_timeout{10'000};  // from the first byte; of a new connection, from its beginning;
                                                     // for a body that is collected, too
    std::chrono::milliseconds keep_alive{30'000};    // that a connection may be idle between requests
    std::chrono::milliseconds body_timeout{30'000};  // for a whole admitted body; and for a client to take an answer
    // That a client sends of a body, or takes of an answer, a second; measured whenever it had so much time.
    std::size_t least_rate = 1'024;
    std::chrono::milliseconds rate_grace{5'000};
    telemetry::Logger* logger = nullptr;  // for faults of the gate itself; null: nobody is told
  };

  // `listener`: a listening socket that does not block. It and `desk` outlive the gate.
  ConnectionGate(int listener, RequestDesk& desk, const Options& options);
  ~ConnectionGate();  // stops
  ConnectionGate(const ConnectionGate&) = delete;
  ConnectionGate& operator=(const ConnectionGate&) = delete;

  void start();
  // Accepts no more and closes the connections that wait. Whoever still sends his request or reads his answer at
  // `patience` is cut off then; waits for nothing. Once.
  void request_stop(std::chrono::steady_clock::time_point patience);
  // The same without a limit of its own, if it was not requested before; returns when those whose requests are under
  // way have their answers, or have run out of time. Idempotent.
  void stop();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class State { reading, serving, writing, closing };
  struct Connection {
    int socket = -1;
    std::string address;
    bool entered = false;  // it counts
    State state = State::reading;
    RequestReader reader;
    std::optional<Admission> admission;  // of the request whose body is being read
    std::string output;
    std::size_t written = 0;  // of output
    bool keep_alive = true;
    bool readable = true, writable = true;  // as far as is known
    bool queued = false;                    // in again_
    bool idle = false;                      // between two requests
    TimePoint deadline{};
    TimePoint since{};                   // when the answer began
    std::size_t received = 0, sent = 0;  // in all
    TimePoint measured_at{};             // when moved() was looked at,
    std::size_t measured = 0;            // and what it was then
    std::size_t charged = 0, discarded = 0;
  };
  using Connections = std::unordered_map<std::uint64_t, Connection>;

  void loop() noexcept;
  // Whatever a step throws (no memory, most likely), the thread goes on with the next. False if it threw.
  template <class Step>
  bool guarded(Step&& step) noexcept {
    try {
      step();
      return true;
    } catch (...) {
      tell(std::current_exception());
      return false;
    }
  }
  // The same for a step of one connection, which is closed then.
  template <class Step>
  void guarded(std::uint64_t id, Step&& step) noexcept {
    if (!guarded(step) && connections_.contains(id)) close(id);
  }
  void tell(const std::exception_ptr& failure) const noexcept;
  void again(std::uint64_t id, Connection& connection);
  void turn(std::uint64_t id, TimePoint now);  // goes on with a connection that may be read or written
  void accept_some(TimePoint now);
  void admit(std::uint64_t id, std::string address, TimePoint now);
  // One block of what it sent, valid until the next; empty at the end, nullopt if there is nothing just now.
  std::optional<std::string_view> receive(Connection& connection);
  void read(std::uint64_t id, Connection& connection, TimePoint now);
  void look(std::uint64_t id, Connection& connection, TimePoint now);  // at what the reader made of what came
  void hand_over(std::uint64_t id, Connection& connection);
  void collect(TimePoint now);
  void begin_body(std::uint64_t id, Connection& connection, Continue wanted, TimePoint now);
  void begin_answer(std::uint64_t id, Connection& connection, Reply reply, TimePoint now);
  void write(std::uint64_t id, Connection& connection, TimePoint now);
  void answered(std::uint64_t id, Connection& connection, TimePoint now);
  void refuse(std::uint64_t id, Connection& connection, const Problem& problem, TimePoint now);
  void begin_closing(std::uint64_t id, Connection& connection, TimePoint now);
  void discard(std::uint64_t id, Connection& connection);
  void close(std::uint64_t id);
  void charge(Connection& connection, std::size_t bytes);
  static Problem too_many_bytes();
  void make_room(const std::string& address);
  bool make_place(const std::string& address);  // for a connection of its own, by closing one that idles
  [[nodiscard]] std::uint64_t slowest_reader(const std::string& address) const;  // 0: nobody
  [[nodiscard]] std::uint64_t slowest_sender(const std::string& address) const;
  void end_late(std::uint64_t id, bool over, TimePoint now);
  void sweep(TimePoint now);
  [[nodiscard]] static std::size_t moved(const Connection& connection);
  static void measure(Connection& connection, TimePoint now);
  [[nodiscard]] bool too_slow(Connection& connection, TimePoint now) const;
  [[nodiscard]] bool under_way(const Connection& connection) const;
  void end_idle();
  void listen(bool on);

  const int listener_;
  RequestDesk& desk_;
  const Options options_;
  const int epoll_;
  Holdings holdings_;
  Connections connections_;
  std::array<char, 16 * 1024> block_;  // received in one turn
  std::vector<std::uint64_t> again_;   // whose turn comes again without an event
  std::uint64_t last_id_ = 1;
  std::size_t closing_ = 0;
  bool listening_ = true, ending_ = false;
  std::atomic<TimePoint::duration> patience_{TimePoint::duration::max()};  // once it is stopping
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace opi::api
