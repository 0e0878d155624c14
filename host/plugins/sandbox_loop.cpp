#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "foundation/mutex.hpp"
#include "plugins/sandbox_run.hpp"

// The thread of a sandbox: runs the process, gives it calls, and takes what it says.
namespace opi::plugins {
namespace {

constexpr std::chrono::milliseconds least_time{500};

}  // namespace

// False: the end.
bool Sandbox::take_submitted() {
  const Lock lock(mutex_);
  for (; !submitted_.empty(); submitted_.pop_front()) {
    const TenantId tenant = submitted_.front().tenant;
    waiting_.push(tenant, std::move(submitted_.front()));
  }
  return !stopping_;
}

void Sandbox::loop() {
  for (bool on = true; on;) try {
      on = take_submitted();
      if (on) take_turn();
    } catch (const std::exception& failure) {
      recover(failure.what());
    } catch (...) {
      recover("an exception of no known kind");
    }
  end();
}

// Should even that fail, calls are held by their destruction.
void Sandbox::end() noexcept {
  try {
    if (run_) {
      auto left = run_->session.abandon();
      if (left.victim) left.untouched.push_front(std::move(*left.victim));
      run_.reset();
      take_back(std::move(left.untouched));
    }
    give_back(Run::stopped);
    report_start(held_call(Run::stopped));
  } catch (...) {
    run_.reset();
  }
}

void Sandbox::take_turn() {
  renew_if_asked();
  if (!run_) run_process();
  if (run_) feed();
  exchange();
}

// Whatever the host itself failed with in a call costs that call, which is held, and the process: what it thinks that
// the host knows is not to be relied on. The plugin is not to blame.
void Sandbox::recover(const char* what) noexcept {
  try {
    logger_.error("plugin.loop_failed", {{"plugin", plugin_.id}, {"message", std::string(what)}});
    report_start({OPI_E_FAILED, what, {}, 0});
    next_run_ = Clock::now() + options_.first_backoff;
    if (!run_) return;
    run_->process.kill();
    auto left = run_->session.abandon();
    run_.reset();
    take_back(std::move(left.untouched));
  } catch (...) {
    run_.reset();
  }
}

void Sandbox::take_back(std::deque<SandboxCall> calls) {
  for (; !calls.empty(); calls.pop_back()) {
    const TenantId tenant = calls.back().tenant;
    calls.back().place = {};
    waiting_.push_front(tenant, std::move(calls.back()));
  }
}

// What an instance was refused for may have been what has changed.
void Sandbox::renew_if_asked() {
  {
    const Lock lock(mutex_);
    if (!renew_ || (run_ && run_->session.current() != nullptr)) return;
    renew_ = false;
  }
  run_.reset();
  refused_.clear();
}

void Sandbox::run_process() {
  std::string held;
  {
    const Lock lock(mutex_);
    if (waiting_.empty() && !wanted_) return;
    held = hold_of({});
    wanted_ = false;
  }
  if (!held.empty()) {
    report_start(held_call(held));
    return give_back(held);
  }
  if (Clock::now() < next_run_) return;
  try {
    run_ = std::make_unique<Run>(options_, image_, services_, refused_);
  } catch (const std::system_error& failure) {
    logger_.error("plugin.process_failed", {{"plugin", plugin_.id}, {"message", std::string(failure.what())}});
    report_start({OPI_E_FAILED, failure.what(), {}, 0});
    return back_off(failure.what());
  }
  run_->session.begin({FrameKind::start,
                       nullptr,
                       plugin_.start,
                       {},
                       {},
                       [this](const CallEnd& end) { started(end); },
                       [this] { return run_->process.confinement_fault(); }});
}

// The calls that wait go on waiting unless it is for too long: then they are held, rather than tried in vain.
void Sandbox::back_off(const std::string& why) {
  constexpr std::chrono::milliseconds patience{1'000};
  backoff_ = std::clamp(2 * backoff_, options_.first_backoff, options_.longest_backoff);
  next_run_ = Clock::now() + backoff_;
  if (backoff_ > patience) give_back(why);
}

void Sandbox::started(const CallEnd& end) {
  if (end.status == OPI_OK) report_start(end);
}

void Sandbox::report_start(const CallEnd& end) {
  const Lock lock(mutex_);
  if (start_result_) return;
  start_result_ = end;
  changed_.notify_all();
}

bool Sandbox::may_be_given(const TenantId& tenant) const {
  const auto window = windows_.find(tenant);
  return given_.held_by(tenant) < (window == windows_.end() ? 1 : window->second) &&
         given_.may_take(tenant, waiting_.has_others_than(tenant));
}

// A tenant has used up the process's time. How many calls it may have with the process follows from how quick they are:
// whoever comes beside it waits for them, for what was given cannot be taken back.
void Sandbox::account(const TenantId& tenant, Clock::duration took) {
  used_.use(tenant, took);
  constexpr std::size_t remembered = 1024;
  if (windows_.size() >= remembered && !windows_.contains(tenant)) windows_.clear();
  auto& window = windows_[tenant];
  window = took > options_.quick_call ? 1 : std::clamp<std::size_t>(2 * window, 2, SandboxSession::max_calls);
}

// Who has used least of the process goes first. If it has as many calls there as it may have, nobody overtakes it.
void Sandbox::feed() {
  while (run_->session.has_room()) {
    const auto* const next = waiting_.least([this](const TenantId& tenant) { return used_.of(tenant); });
    if (next == nullptr || !may_be_given(*next)) return;
    auto call = waiting_.pop(TenantId(*next));
    if (const auto held = quarantine(call.tenant); !held.empty()) {
      if (call.done) call.done(held_call(held));
      continue;
    }
    if (call.deadline &&
        Clock::now() >= *call.deadline) {  // its process was not ready in time, for which it is not to blame
      if (call.done) call.done(held_call("the plugin's process was not ready in time"));
      continue;
    }
    used_.turn(call.tenant);
    call.place = {given_, call.tenant};
    if (run_->session.current() == nullptr) run_->current_since = Clock::now();
    run_->session.begin(std::move(call));
  }
}

std::optional<Sandbox::Clock::time_point> Sandbox::wake_at() const {
  if (!run_) return waiting_.empty() ? std::nullopt : std::optional(next_run_);
  const auto* const current = run_->session.current();
  if (current == nullptr) return std::nullopt;
  // Whatever was before it, such as the making of its instance, it has a moment of its own.
  if (current->deadline) return std::max(*current->deadline, run_->current_since + least_time);
  const bool pure = current->kind >= FrameKind::render && current->kind <= FrameKind::check_reference;
  return run_->current_since + (pure ? options_.call_deadline : options_.control_deadline);
}

void Sandbox::exchange() {
  std::array<pollfd, 3> fds{pollfd{wakeup_.get(), POLLIN, 0}, pollfd{-1, POLLIN, 0}, pollfd{-1, POLLIN, 0}};
  if (run_) {
    fds[1].fd = run_->process.socket();
    fds[2].fd = run_->process.listener().descriptor();
    if (!run_->session.out().empty()) send();
    if (run_ && !run_->session.out().empty()) fds[1].events |= POLLOUT;
  }
  int timeout = -1;
  if (const auto at = wake_at())
    timeout = static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*at - Clock::now()).count()));
  if (::poll(fds.data(), run_ ? fds.size() : 1, timeout) < 0 && errno != EINTR)
    throw std::system_error(errno, std::generic_category(), "poll");
  if ((fds[0].revents & POLLIN) != 0) {
    std::uint64_t times = 0;
    (void)!::read(wakeup_.get(), &times, sizeof times);
  }
  if (!run_) return;
  const bool asked = (fds[2].revents & POLLIN) != 0;
  if (asked || (fds[1].revents & ~POLLOUT) != 0) receive_all();
  if (run_ && asked) answer_listener();
  const auto at = wake_at();
  if (run_ && at && Clock::now() >= *at) {
    const auto limit = std::chrono::round<std::chrono::milliseconds>(*at - run_->current_since).count();
    run_->process.kill();
    end_run("did not answer within " + std::to_string(limit) + " ms and was killed", OPI_E_TIMEOUT);
  }
}

void Sandbox::send() {
  auto& out = run_->session.out();
  const auto n = ::send(run_->process.socket(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0) out.erase(0, static_cast<std::size_t>(n));
  // A process that is gone is noticed where its answers are missed.
}

// After all that the process has said: what it says before it makes a call is here before the call is.
void Sandbox::answer_listener() try {
  if (!run_->session.is_started()) return run_->process.listener().allow();
  const auto call = run_->process.listener().asked();
  if (!call) return;
  run_->process.kill();
  end_run("was killed for " + std::string(forbidden_call) + " (" + std::to_string(*call) + ")", OPI_E_BUSY, true);
} catch (const std::system_error& failure) {
  run_->process.kill();
  end_run("cannot be watched (" + std::string(failure.what()) + ") and was killed", OPI_E_BUSY);
}

// All that is there, but no more than a plugin that never pauses may say at a time: an answer that has come must not be
// missed because this thread was late.
void Sandbox::receive_all() {
  for (std::size_t got = 0; run_ && got < FrameLimits::bytes;) {
    const auto n = receive();
    if (n == 0) return;
    got += n;
  }
}

// Takes a piece of what the process has said, and says how long it was; 0: there is no more for now, or no process.
std::size_t Sandbox::receive() {
  const auto room = run_->session.room(run_->buffer);
  const auto n = run_->process.receive(room);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (n <= 0) return end_run({}, OPI_E_BUSY), 0;
  auto& session = run_->session;
  try {
    session.receive({room.data(), static_cast<std::size_t>(n)});
  } catch (const BrokenFrame& fault) {
    run_->process.kill();
    return end_run("broke the protocol (" + std::string(fault.what()) + ") and was killed", OPI_E_BUSY), 0;
  }
  if (const auto last = session.last_answer()) {
    run_->process.kill();
    return end_run(last->why, last->status), 0;
  }
  if (const auto answered = session.take_answered(); !answered.empty()) {
    const auto now = Clock::now();
    const auto each = (now - run_->current_since) / static_cast<int>(answered.size());
    for (const auto& tenant : answered) account(tenant, each);
    run_->current_since = now;
    if (session.current() == nullptr && waiting_.empty()) used_.rest();
    if (session.answered() > 1) backoff_ = {};  // it does more than start
  }
  return static_cast<std::size_t>(n);
}

// `why` empty: the process says so by the way it ended.
void Sandbox::end_run(const std::string& why, opi_status status, bool forbidden) {
  const auto& session = run_->session;
  const auto phase = session.phase();
  const TenantId tenant = session.tenant();
  const bool refused_to_start = session.last_answer() && phase == Phase::init;
  const auto end = run_->process.wait();
  const auto what = "the plugin's process " + (why.empty() ? end.what : why);
  if (!tenant.empty()) used_.use(tenant, Clock::now() - run_->current_since);
  logger_.error("plugin.process_died", {{"plugin", plugin_.id}, {"phase", to_string(phase)}, {"message", what}});
  auto left = run_->session.abandon();
  run_.reset();
  take_back(std::move(left.untouched));
  windows_.erase(tenant);
  if (!refused_to_start && hooks_.died)
    hooks_.died({phase, end.signal, tenant, what, forbidden || end.signal == SIGSYS});
  if (left.victim && left.victim->done) left.victim->done({status, what, {}, 0});
  report_start({status, what, {}, 0});
  if (const auto held = quarantine({}); held.empty())
    back_off(what);
  else
    give_back(held);
}

void Sandbox::give_back(const std::string& why) {
  for (auto& call : waiting_.take_all())
    if (call.done) call.done(held_call(why));
}

}  // namespace opi::plugins
