#pragma once
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "plugins/host_services.hpp"
#include "plugins/sandbox_call.hpp"

namespace opi::plugins {

// The calls that one run of a plugin's process has been given, as bytes out and in: what goes over the wire, without
// the wire. The process answers in order, so the oldest call is the one that it is in. Single-threaded.
class SandboxSession {
 public:
  static constexpr std::size_t max_calls = 32, max_bytes_out = 1024 * 1024;
  static constexpr std::size_t max_unread = 2 * FrameLimits::bytes;  // of calls and answers, by the process
  static constexpr std::size_t max_error_bytes = sizeof(opi_error::text);
  static constexpr int max_messages = 64;  // of the log in one call; those beyond are dropped

  // `services` takes what the plugin logs. Both are borrowed.
  SandboxSession(const HostServices& services, std::map<std::uint64_t, std::string>& refused)
      : services_(services), refused_(refused) {}

  // Whether another call may be begun before some are answered.
  [[nodiscard]] bool has_room() const { return calls_.size() < max_calls && out_.size() < max_bytes_out; }
  // Takes on a call; makes its instance first if that has not happened. One of an instance that the plugin refuses ends
  // at once.
  void begin(SandboxCall call);
  // Where the next bytes from the process are to be read to: `buffer`, or straight into the memory of a value, and
  // never more than lies before a value.
  [[nodiscard]] std::span<char> room(std::span<char> buffer) const;
  // Plays what has come from the process, up to the answer that ends its run: what it says after that one, about calls
  // that waited behind, is worth nothing and is not looked at. Throws BrokenFrame.
  void receive(std::string_view bytes);

  [[nodiscard]] std::string& out() { return out_; }  // to be sent
  // Whether the plugin has started: from then on no system call is allowed any more that opening it needs.
  [[nodiscard]] bool is_started() const { return answered_ > 0; }
  // The call that the process is in; null if it has none. It is answered when answered() grows.
  [[nodiscard]] const SandboxCall* current() const { return calls_.empty() ? nullptr : &calls_.front(); }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  // Whose calls were answered since this was asked last.
  [[nodiscard]] std::vector<TenantId> take_answered() { return std::exchange(just_answered_, {}); }
  // An answer after which the process has no more to give: it did not start, or ran out of memory.
  struct LastAnswer {
    Phase phase{};  // of its call; init: the plugin did not start
    TenantId tenant;
    opi_status status = OPI_OK;
    std::string why;  // "could not start the plugin: …"
  };
  [[nodiscard]] const std::optional<LastAnswer>& last_answer() const { return last_answer_; }
  // What the process is in, or was in last if it gave its last answer.
  [[nodiscard]] Phase phase() const;
  // Whose call that is; empty: the plugin's own, or none.
  [[nodiscard]] TenantId tenant() const;

  // The calls that were not answered, oldest first, without those of its own making. The oldest call that suffers from
  // what the process is in comes apart; after a last answer the process was in none.
  struct Abandoned {
    std::optional<SandboxCall> victim;
    std::deque<SandboxCall> untouched;
  };
  [[nodiscard]] Abandoned abandon();

 private:
  void push(SandboxCall call);
  void take_value(std::string_view& bytes);
  void take(const Frame& frame);
  void log(const SandboxCall& call, FrameReader& in);
  void end(FrameReader& in);
  void judge(const SandboxCall& call, const CallEnd& end);

  const HostServices& services_;
  std::map<std::uint64_t, std::string>& refused_;  // instances that the plugin refuses, and why
  std::set<std::uint64_t> made_;                   // instances, or about to be
  std::deque<SandboxCall> calls_;
  std::uint64_t first_number_ = 1, answered_ = 0;
  std::string out_;
  FrameStream in_;
  std::span<char> value_;  // what is still to come of one; the current call's
  std::vector<TenantId> just_answered_;
  int messages_ = 0;
  bool confined_ = false;
  std::optional<LastAnswer> last_answer_;
};

}  // namespace opi::plugins
