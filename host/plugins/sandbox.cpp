#include "plugins/sandbox.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "foundation/check.hpp"
#include "foundation/mutex.hpp"

namespace opi::plugins {
namespace {

constexpr const char* stopped = "the plugin is being stopped";
constexpr std::chrono::milliseconds least_time{500};

}  // namespace

struct Sandbox::Run {
  Run(const SandboxOptions& options, const Descriptor& image, const HostServices& services,
      std::map<std::uint64_t, std::string>& refused)
      : process(options.program, image), session(services, refused) {}
  SandboxProcess process;
  SandboxSession session;
  Clock::time_point current_since = Clock::now();
  std::array<char, 64 * 1024> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recvmsg
};

Sandbox::Sandbox(SandboxOptions options, Plugin plugin, Descriptor image, Hooks hooks, telemetry::Logger& logger)
    : options_(std::move(options)),
      plugin_(std::move(plugin)),
      image_(std::move(image)),
      hooks_(std::move(hooks)),
      logger_(logger),
      services_(plugin_.id, plugin_.environment, plugin_.offered_minor, logger),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wakeup_.get() < 0) throw std::system_error(errno, std::generic_category(), "an event cannot be made");
  if (hooks_.quarantined) held_ = hooks_.quarantined();
}

void Sandbox::stop() {
  std::thread thread;
  {
    const Lock lock(mutex_);
    stopping_ = true;
    if (held_.empty()) held_ = stopped;
    thread = std::exchange(thread_, {});
  }
  wake();
  // The last user may let go at the end of a call, which comes on the thread itself.
  if (thread.get_id() == std::this_thread::get_id())
    thread.detach();
  else if (thread.joinable())
    thread.join();
}

void Sandbox::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wakeup_.get(), &one, sizeof one);  // full: it is awake
}

Sandbox::~Sandbox() = default;

void Sandbox::launch() {
  const Lock lock(mutex_);
  thread_ = std::thread([self = shared_from_this()] { self->loop(); });
}

CallEnd Sandbox::start() {
  launch();
  Lock lock(mutex_);
  wanted_ = true;
  wake();
  while (!start_result_) changed_.wait(lock);
  return *start_result_;
}

std::string Sandbox::quarantine() const {
  const Lock lock(mutex_);
  return held_;
}

// Until the call is done, it is one of those that are unanswered.
void Sandbox::count(SandboxCall& call) {
  ++unanswered_;
  call.done = [this, done = std::move(call.done)](const CallEnd& end) {
    {
      const Lock lock(mutex_);
      OPI_CHECK(unanswered_ > 0, unanswered_);  // each call is answered once
      --unanswered_;
    }
    if (done) done(end);
  };
}

void Sandbox::submit(SandboxCall call) {
  Lock lock(mutex_);
  std::string why = held_;
  if (why.empty() && unanswered_ >= options_.waiting_calls && call.kind != FrameKind::destroy)
    why = "more than " + std::to_string(options_.waiting_calls) + " calls wait for the plugin";
  if (why.empty()) {
    if (call.kind != FrameKind::destroy) count(call);
    submitted_.push_back(std::move(call));
    if (submitted_.size() == 1) wake();
    return;
  }
  lock.unlock();
  if (call.done) call.done(held_call(why));
}

// False: the end.
bool Sandbox::take_submitted() {
  const Lock lock(mutex_);
  std::ranges::move(submitted_, std::back_inserter(waiting_));
  submitted_.clear();
  return !stopping_;
}

void Sandbox::loop() {
  while (take_submitted()) {
    renew_if_asked();
    if (!run_) run_process();
    if (run_) feed();
    exchange();
  }
  if (run_) {
    auto left = run_->session.abandon();
    if (left.victim) left.untouched.push_front(std::move(*left.victim));
    give_back(std::move(left.untouched), stopped);
    run_.reset();
  }
  give_back(std::exchange(waiting_, {}), stopped);
  report_start(held_call(stopped));
}

void Sandbox::renew() {
  const Lock lock(mutex_);
  renew_ = true;
  wake();
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
    held = held_;
    if (held.empty() && waiting_.empty() && !wanted_) return;
    wanted_ = false;
  }
  if (!held.empty()) {  // what came while the last process was buried
    report_start(held_call(held));
    return give_back(std::exchange(waiting_, {}), held);
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
  if (backoff_ > patience) give_back(std::exchange(waiting_, {}), why);
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

void Sandbox::feed() {
  while (!waiting_.empty() && run_->session.has_room()) {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    if (call.deadline &&
        Clock::now() >= *call.deadline) {  // its process was not ready in time, for which it is not to blame
      if (call.done) call.done(held_call("the plugin's process was not ready in time"));
      continue;
    }
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
  end_run("was killed for " + std::string(forbidden_call) + " (" + std::to_string(*call) + ")", OPI_E_BUSY);
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
  const auto answered = session.answered();
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
  if (answered != session.answered()) {
    run_->current_since = Clock::now();
    if (session.answered() > 1) backoff_ = {};  // it does more than start
  }
  return static_cast<std::size_t>(n);
}

// `why` empty: the process says so by the way it ended.
void Sandbox::end_run(const std::string& why, opi_status status) {
  const auto& session = run_->session;
  const auto phase = session.phase();
  const bool refused_to_start = session.last_answer() && phase == Phase::init;
  const auto end = run_->process.wait();
  const auto what = "the plugin's process " + (why.empty() ? end.what : why);
  logger_.error("plugin.process_died", {{"plugin", plugin_.id}, {"phase", to_string(phase)}, {"message", what}});
  auto left = run_->session.abandon();
  run_.reset();
  // Not a view: clang 14, which fuzzes this, cannot read those of libstdc++.
  std::move(left.untouched.rbegin(), left.untouched.rend(), std::front_inserter(waiting_));
  if (!refused_to_start && hooks_.died)
    if (const auto quarantined = hooks_.died(phase, end.signal)) {
      const Lock lock(mutex_);
      if (held_.empty()) held_ = *quarantined + ": " + what;
    }
  if (left.victim && left.victim->done) left.victim->done({status, what, {}, 0});
  report_start({status, what, {}, 0});
  if (const auto held = quarantine(); held.empty())
    back_off(what);
  else
    give_back(std::exchange(waiting_, {}), held);
}

void Sandbox::give_back(std::deque<SandboxCall> calls, const std::string& why) {
  for (auto& call : calls)
    if (call.done) call.done(held_call(why));
}

}  // namespace opi::plugins
