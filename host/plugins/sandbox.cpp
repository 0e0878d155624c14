#include "plugins/sandbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "foundation/mutex.hpp"
#include "plugins/sandbox_run.hpp"

// What callers ask of a sandbox; its thread is in sandbox_loop.cpp.
namespace opi::plugins {

Sandbox::Sandbox(SandboxOptions options, Plugin plugin, Descriptor image, Hooks hooks, telemetry::Logger& logger)
    : options_(std::move(options)),
      plugin_(std::move(plugin)),
      image_(std::move(image)),
      hooks_(std::move(hooks)),
      logger_(logger),
      services_(plugin_.id, plugin_.environment, plugin_.offered_minor, logger),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      unanswered_(options_.waiting_calls) {
  if (wakeup_.get() < 0) throw std::system_error(errno, std::generic_category(), "an event cannot be made");
}

void Sandbox::stop() {
  std::thread thread;
  {
    const Lock lock(mutex_);
    stopping_ = true;
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

Sandbox::~Sandbox() {
  give_back(Run::stopped);
  const Lock lock(mutex_);
  submitted_.clear();
}

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

std::string Sandbox::quarantine(const TenantId& tenant) const {
  const Lock lock(mutex_);
  return hold_of(tenant);
}

std::string Sandbox::hold_of(const TenantId& tenant) const {
  if (stopping_) return Run::stopped;
  return hooks_.quarantined ? hooks_.quarantined(tenant) : std::string();
}

// Until the call is done, it is one of those that are unanswered. What its caller throws costs no other call.
void Sandbox::count(SandboxCall& call) {
  const auto caller = std::make_shared<Answer>(std::move(call.done));
  unanswered_.take(call.tenant);
  call.done = [this, tenant = call.tenant, caller](const CallEnd& end) {
    {
      const Lock lock(mutex_);
      unanswered_.give_back(tenant);
    }
    try {
      (*caller)(end);
    } catch (const std::exception& failure) {
      logger_.error("plugin.caller_failed", {{"plugin", plugin_.id}, {"message", std::string(failure.what())}});
    } catch (...) {
      logger_.error("plugin.caller_failed", {{"plugin", plugin_.id}, {"message", "an exception of no known kind"}});
    }
  };
}

void Sandbox::submit(SandboxCall call) {
  Lock lock(mutex_);
  std::string why = hold_of(call.tenant);
  if (why.empty() && call.kind != FrameKind::destroy && !unanswered_.may_take(call.tenant, false))
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

void Sandbox::renew() {
  const Lock lock(mutex_);
  renew_ = true;
  wake();
}

}  // namespace opi::plugins
