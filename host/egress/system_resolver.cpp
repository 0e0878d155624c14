#include "egress/system_resolver.hpp"

#include <algorithm>
#include <list>
#include <system_error>
#include <thread>
#include <utility>

#include "egress/lookup_queue.hpp"
#include "foundation/mutex.hpp"

namespace opi::egress {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

// Shared with the threads, so that one that hangs may outlive the resolver.
class SystemResolver::State : public std::enable_shared_from_this<State> {
 public:
  State(Options options, Lookup lookup)
      : options_(options),
        lookup_(std::move(lookup)),
        cache_(options.cache),
        queue_({options.threads, options.max_threads, options.max_per_site, options.max_waiting}) {}

  void start() {
    const Lock lock(mutex_);
    watchdog_ = std::thread([self = shared_from_this()] { self->watch(); });
    for (std::size_t i = 0; i < options_.threads; ++i) add_thread();
  }

  void stop() {
    {
      Lock lock(mutex_);
      stopping_ = true;
      queue_.clear();
      work_.notify_all();
      watch_.notify_all();
      // Threads that are not inside a lookup are on their way out.
      while (threads_ != in_lookup_ || calling_back_ > 0) quiet_.wait(lock);
    }
    watchdog_.join();
  }

  void resolve(const std::string& host, const TenantId& tenant, Callback done) {
    Resolution answer;
    {
      const Lock lock(mutex_);
      if (stopping_) return;
      if (const auto* cached = cache_.find(host, Clock::now())) {
        answer = *cached;
      } else {
        answer.failure = queue_.fault(host, tenant);
        if (answer.failure.empty()) {
          queue_.ask(host, tenant, std::move(done));
          return work_.notify_one();
        }
      }
    }
    done(answer);
  }

 private:
  struct Running {
    LookupQueue::Lookup lookup;
    Clock::time_point slow_at{}, overdue_at{};
    bool is_slow = false, is_overdue = false;
  };
  using RunningList = std::list<Running>;

  // Throws std::system_error if the system has no thread left.
  void add_thread() OPI_REQUIRES(mutex_) {
    std::thread([self = shared_from_this()] { self->work(); }).detach();
    ++threads_;
  }

  void replace_thread_of(Running& running) OPI_REQUIRES(mutex_) {
    if (std::exchange(running.is_slow, true)) return;
    ++stuck_;
    LookupQueue::became_slow(running.lookup);
    work_.notify_one();
    if (threads_ >= options_.max_threads) return;
    try {
      add_thread();
    } catch (const std::system_error&) {
      // Those that are left go on with the work; the next that hangs asks again.
    }
  }

  // The analysis does not follow a lock that is passed on, here and in look_up(); their callers are checked.
  void call_back(Lock& lock, const LookupQueue::Waiters& waiters, const Resolution& answer)
      OPI_REQUIRES(mutex_) OPI_NO_THREAD_SAFETY_ANALYSIS {
    if (waiters.empty() || stopping_) return;
    ++calling_back_;
    lock.unlock();
    for (const auto& waiter : waiters) guarded([&] { waiter.done(answer); });
    lock.lock();
    --calling_back_;
    quiet_.notify_all();
  }

  // Whatever one lookup throws, its thread goes on with the next.
  template <class Step>
  void guarded(Step&& step) const noexcept {
    const auto tell = [this](const char* what) {
      if (options_.logger != nullptr) options_.logger->error("resolver.failed", {{"error", std::string(what)}});
    };
    try {
      try {
        step();
      } catch (const std::exception& failure) {
        tell(failure.what());
      } catch (...) {
        tell("an exception of no known kind");
      }
    } catch (...) {
      // There is not even the memory to log it.
    }
  }

  void work() {
    Lock lock(mutex_);
    for (;;) {
      while (!queue_.has_next() && !stopping_) {
        if (threads_ - stuck_ > options_.threads) break;  // came back from a hang, was replaced meanwhile
        work_.wait(lock);
      }
      if (stopping_ || !queue_.has_next()) break;
      guarded([&]() OPI_NO_THREAD_SAFETY_ANALYSIS {
        RunningList one(1);
        if (auto lookup = queue_.take()) {
          one.front().lookup = std::move(*lookup);
          if (queue_.has_next()) work_.notify_one();
          look_up(lock, std::move(one));
        }
      });
    }
    --threads_;
    quiet_.notify_all();
  }

  Resolution answer_for(const std::string& host) const noexcept {
    Resolution answer;
    answer.failure = "it failed";
    guarded([&] {
      try {
        answer = lookup_(host);
      } catch (const std::exception& error) {
        answer.failure = error.what();
      }
    });
    return answer;
  }

  void look_up(Lock& lock, RunningList one) OPI_REQUIRES(mutex_) OPI_NO_THREAD_SAFETY_ANALYSIS {
    const auto mine = one.begin();
    const std::string host = mine->lookup.host;
    mine->slow_at = Clock::now() + options_.replace_after;
    mine->overdue_at = Clock::now() + options_.lookup_timeout;
    running_.splice(running_.end(), one);
    watch_.notify_one();
    ++in_lookup_;
    lock.unlock();
    auto answer = answer_for(host);
    lock.lock();
    --in_lookup_;
    quiet_.notify_all();
    if (mine->is_slow) --stuck_;
    one.splice(one.end(), mine->is_overdue ? overdue_ : running_, mine);
    if (stopping_) return;
    // A late answer still serves whoever asks next; a late failure says no more than the timeout did.
    const bool is_answer = !mine->is_overdue || !answer.addresses.empty();
    const auto waiters = queue_.returned(std::move(mine->lookup), is_answer);
    work_.notify_one();
    if (is_answer) guarded([&]() OPI_NO_THREAD_SAFETY_ANALYSIS { cache_.put(host, answer, Clock::now()); });
    call_back(lock, waiters, answer);
  }

  // Has the threads of slow lookups replaced, and fails the overdue.
  void watch() {
    Lock lock(mutex_);
    while (!stopping_) {
      const auto now = Clock::now();
      auto next = Clock::time_point::max();
      for (auto& running : running_) {
        if (running.slow_at <= now)
          replace_thread_of(running);
        else
          next = std::min(next, running.slow_at);
      }
      if (running_.empty()) {
        watch_.wait(lock);
      } else if (running_.front().overdue_at <= now) {
        replace_thread_of(running_.front());
        running_.front().is_overdue = true;
        overdue_.splice(overdue_.end(), running_, running_.begin());
        guarded([&]() OPI_NO_THREAD_SAFETY_ANALYSIS { give_up(lock, overdue_.back().lookup); });
      } else {
        const auto until = std::min(next, running_.front().overdue_at);  // not by reference: the front may go meanwhile
        watch_.wait_until(lock, until);
      }
    }
  }

  // Fails a host whose lookup is overdue, and with it all hosts of its site that wait for their turn.
  void give_up(Lock& lock, const LookupQueue::Lookup& lookup) OPI_REQUIRES(mutex_) {
    Resolution answer;
    answer.failure = "the lookup took longer than " + std::to_string(options_.lookup_timeout.count()) + " ms";
    guarded([&]() OPI_NO_THREAD_SAFETY_ANALYSIS { cache_.put(lookup.host, answer, Clock::now()); });
    call_back(lock, queue_.became_overdue(lookup), answer);
  }

  const Options options_;
  const Lookup lookup_;
  Mutex mutex_;
  Condition work_, watch_, quiet_;
  NameCache cache_ OPI_GUARDED_BY(mutex_);
  LookupQueue queue_ OPI_GUARDED_BY(mutex_);
  RunningList running_ OPI_GUARDED_BY(mutex_);  // by start, so by slow_at and overdue_at
  RunningList overdue_ OPI_GUARDED_BY(mutex_);  // that have not come back
  std::thread watchdog_;
  std::size_t threads_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t stuck_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t in_lookup_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t calling_back_ OPI_GUARDED_BY(mutex_) = 0;
  bool stopping_ OPI_GUARDED_BY(mutex_) = false;
};

SystemResolver::SystemResolver(Options options, Lookup lookup)
    : state_(std::make_shared<State>(options, std::move(lookup))) {
  state_->start();
}

SystemResolver::~SystemResolver() { state_->stop(); }

void SystemResolver::resolve(const std::string& host, const TenantId& tenant, Callback done) {
  state_->resolve(host, tenant, std::move(done));
}

}  // namespace opi::egress
