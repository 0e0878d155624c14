#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "api/connection_gate.hpp"

// How connections end: refusals, deadlines, rates, and room for others.
namespace opi::api {
namespace {

using namespace std::chrono_literals;

constexpr auto last_reading = 1'000ms;  // for a client to read a last answer
constexpr std::size_t most_discarded = 1024 * 1024;

Problem late(std::string detail) {
  Problem problem;
  problem.status = 408;
  problem.code = "request-timeout";
  problem.title = "The request did not arrive in time";
  problem.detail = std::move(detail);
  return problem;
}
Problem late(std::chrono::milliseconds timeout, const char* what) {
  return late(std::string(what) + " did not arrive within " + std::to_string(timeout.count()) + " ms");
}
Problem slow(std::size_t rate) {
  return late("The body came at less than " + std::to_string(rate) + " bytes a second");
}

}  // namespace

Problem ConnectionGate::too_many_bytes() {
  return unavailable("Too many bodies and answers are on their way at once; nothing was done", 1);
}

void ConnectionGate::refuse(std::uint64_t id, Connection& connection, const Problem& problem, TimePoint now) {
  connection.admission.reset();
  connection.reader.release();
  charge(connection, 0);
  begin_answer(id, connection, {closing_response(to_response(problem)), false}, now);
}

// Closing with unread input would reset the connection, and the client could lose the answer: what still comes is
// thrown away until the client closes, too, or a moment has passed.
void ConnectionGate::begin_closing(std::uint64_t id, Connection& connection, TimePoint now) {
  shutdown(connection.socket, SHUT_WR);
  connection.state = State::closing;
  ++closing_;
  connection.reader.release();
  connection.deadline = now + last_reading;
  again(id, connection);
}

void ConnectionGate::discard(std::uint64_t id, Connection& connection) {
  const auto bytes = receive(connection);
  if (!bytes) return;
  connection.discarded += bytes->size();
  if (bytes->empty() || connection.discarded > most_discarded) return close(id);
  again(id, connection);
}

void ConnectionGate::close(std::uint64_t id) {
  const auto found = connections_.find(id);
  Connection& connection = found->second;
  charge(connection, 0);
  if (connection.entered) holdings_.leave(connection.address);
  if (connection.state == State::closing) --closing_;
  // Of an answer that is given up, nothing stays in the kernel to wait for its reader.
  const linger now{1, 0};
  if (!connection.output.empty()) setsockopt(connection.socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(connection.socket);
  connections_.erase(found);
}

void ConnectionGate::charge(Connection& connection, std::size_t bytes) {
  if (!connection.entered) return;  // its short refusal is all that it gets
  holdings_.charge(connection.address, connection.charged, bytes);
  connection.charged = bytes;
}

// Of the address that holds too much, whoever has been taking an answer longest makes room for others, or sending a
// body.
void ConnectionGate::make_room(const std::string& address) {
  for (auto whose = holdings_.beyond(address); !whose.empty(); whose = holdings_.beyond(address)) {
    if (const auto reader = slowest_reader(whose); reader != 0) {
      close(reader);
    } else if (const auto sender = slowest_sender(whose); sender != 0) {
      refuse(sender, connections_.at(sender), too_many_bytes(), std::chrono::steady_clock::now());
    } else {
      return;
    }
  }
}

std::uint64_t ConnectionGate::slowest_sender(const std::string& address) const {
  std::uint64_t slowest = 0;
  TimePoint until = TimePoint::max();
  for (const auto& [id, connection] : connections_)
    if (connection.state == State::reading && connection.admission && connection.charged > 0 &&
        connection.address == address && connection.deadline < until)
      slowest = id, until = connection.deadline;
  return slowest;
}

bool ConnectionGate::make_place(const std::string& address) {
  const auto whose = holdings_.crowding_out(address);
  std::uint64_t found = 0;
  TimePoint until = TimePoint::max();
  for (const auto& [id, connection] : connections_)
    if (connection.state == State::reading && !connection.admission && connection.entered &&
        connection.address == whose && connection.deadline < until)
      found = id, until = connection.deadline;
  if (found == 0) return false;
  close(found);
  return true;
}

std::uint64_t ConnectionGate::slowest_reader(const std::string& address) const {
  std::uint64_t slowest = 0;
  TimePoint since = TimePoint::max();
  for (const auto& [id, connection] : connections_)
    if (connection.state == State::writing && connection.address == address && connection.since < since)
      slowest = id, since = connection.since;
  return slowest;
}

void ConnectionGate::tell(const std::exception_ptr& failure) const noexcept {
  if (options_.logger == nullptr) return;
  try {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& known) {
      options_.logger->error("api.failed", {{"error", std::string(known.what())}});
    } catch (...) {
      options_.logger->error("api.failed", {{"error", "an exception of no known kind"}});
    }
  } catch (...) {
    // There is not even the memory to log it.
  }
}

// --- deadlines ---

// Of the body that it sends, or of the answer, what moved so far; what the kernel still holds has not been taken.
std::size_t ConnectionGate::moved(const Connection& connection) {
  if (connection.state != State::writing) return connection.received;
  int held = 0;
  return ioctl(connection.socket, SIOCOUTQ, &held) == 0 ? connection.sent - static_cast<std::size_t>(held)
                                                        : connection.sent;
}

void ConnectionGate::measure(Connection& connection, TimePoint now) {
  connection.measured = moved(connection);
  connection.measured_at = now;
}

bool ConnectionGate::too_slow(Connection& connection, TimePoint now) const {
  if (connection.state != State::writing && !(connection.state == State::reading && connection.admission)) return false;
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - connection.measured_at);
  if (time < options_.rate_grace) return false;
  const auto before = connection.measured;
  measure(connection, now);
  return connection.measured - before < options_.least_rate * static_cast<std::size_t>(time.count()) / 1'000;
}

void ConnectionGate::end_late(std::uint64_t id, bool over, TimePoint now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;  // it made room for a refusal meanwhile
  Connection& connection = found->second;
  if (over || connection.state != State::reading) return close(id);
  if (connection.admission)
    return refuse(id, connection,
                  now < connection.deadline ? slow(options_.least_rate) : late(options_.body_timeout, "The body"), now);
  if (connection.reader.begun()) return refuse(id, connection, late(options_.head_timeout, "It"), now);
  close(id);
}

void ConnectionGate::sweep(TimePoint now) {
  std::vector<std::uint64_t> late_ones;
  const bool over = ending_ && now >= TimePoint{patience_.load()};
  for (auto& [id, connection] : connections_)
    if (connection.state != State::serving && (over || now >= connection.deadline || too_slow(connection, now)))
      late_ones.push_back(id);
  for (const auto id : late_ones) guarded(id, [&] { end_late(id, over, now); });
  if (!listening_ && !ending_) listen(true);
}

}  // namespace opi::api
