#include "egress/system_resolver.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <list>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "foundation/mutex.hpp"

namespace opi::egress {
namespace {

using Clock = std::chrono::steady_clock;

std::string site_of(const std::string& host) {
  const auto last = host.rfind('.');
  if (last == std::string::npos || last == 0) return host;
  const auto before = host.rfind('.', last - 1);
  return before == std::string::npos ? host : host.substr(before + 1);
}

}  // namespace

// Shared with the threads, so that one that hangs may outlive the resolver.
class SystemResolver::State : public std::enable_shared_from_this<State> {
 public:
  State(Options options, Lookup lookup) : options_(options), lookup_(std::move(lookup)), cache_(options.cache) {}

  void start() {
    const Lock lock(mutex_);
    watchdog_ = std::thread([self = shared_from_this()] { self->watch(); });
    for (std::size_t i = 0; i < options_.threads; ++i) add_thread();
  }

  void stop() {
    {
      Lock lock(mutex_);
      stopping_ = true;
      jobs_.clear();
      work_.notify_all();
      watch_.notify_all();
      // Threads that are not inside a lookup are on their way out.
      while (threads_ != in_lookup_ || calling_back_ > 0) quiet_.wait(lock);
    }
    watchdog_.join();
  }

  void resolve(const std::string& host, Callback done) {
    Resolution answer;
    {
      const Lock lock(mutex_);
      if (stopping_) return;
      if (const auto* cached = cache_.find(host, Clock::now())) {
        answer = *cached;
      } else if (waiting_ >= options_.max_waiting) {
        answer.failure = "too many lookups are waiting";
      } else if (is_hanging(site_of(host))) {
        answer.failure = "the name servers of its zone do not answer";
      } else {
        ++waiting_;
        const auto [job, is_new] = jobs_.try_emplace(host);
        job->second.push_back(std::move(done));
        if (is_new) enqueue(host);
        return;
      }
    }
    done(answer);
  }

 private:
  static constexpr std::size_t max_remembered_sites = 1024;

  struct Site {
    std::deque<std::string> waiting;
    std::size_t running = 0;
    bool suspect = false;  // its last lookup timed out
    bool in_turn = false;  // stands in turns_
  };
  struct Running {
    std::uint64_t id;
    std::string host;
    Clock::time_point slow_at, overdue_at;
    bool replaced = false;
  };

  void enqueue(const std::string& host) OPI_REQUIRES(mutex_) {
    const std::string site = site_of(host);
    sites_[site].waiting.push_back(host);
    offer(site);
  }

  [[nodiscard]] bool is_hanging(const std::string& site) const OPI_REQUIRES(mutex_) {
    const auto found = sites_.find(site);
    return found != sites_.end() && found->second.suspect && found->second.running > 0;
  }

  [[nodiscard]] std::size_t share_of(const Site& site) const { return site.suspect ? 1 : options_.max_per_site; }

  void offer(const std::string& name) OPI_REQUIRES(mutex_) {
    Site& site = sites_[name];
    const std::size_t limit = share_of(site);
    if (site.waiting.empty() || site.running >= limit) return;
    if (!site.in_turn) {
      site.in_turn = true;
      turns_.push_back(name);
    }
    work_.notify_one();
  }

  // Throws std::system_error if the system has no thread left.
  void add_thread() OPI_REQUIRES(mutex_) {
    std::thread([self = shared_from_this()] { self->work(); }).detach();
    ++threads_;
  }

  void replace_thread_of(Running& running) OPI_REQUIRES(mutex_) {
    if (std::exchange(running.replaced, true)) return;
    ++stuck_;
    if (threads_ >= options_.max_threads) return;
    try {
      add_thread();
    } catch (const std::system_error&) {
      // Those that are left go on with the work; the next that hangs asks again.
    }
  }

  // The next host, in turns over the sites; empty if there is none.
  std::string take() OPI_REQUIRES(mutex_) {
    while (!turns_.empty()) {
      const std::string name = std::move(turns_.front());
      turns_.pop_front();
      Site& site = sites_[name];
      site.in_turn = false;
      const std::size_t limit = share_of(site);
      if (site.waiting.empty() || site.running >= limit) continue;
      std::string host = std::move(site.waiting.front());
      site.waiting.pop_front();
      ++site.running;
      if (!site.waiting.empty() && site.running < limit) {
        site.in_turn = true;
        turns_.push_back(name);
      }
      return host;
    }
    return {};
  }

  std::vector<Callback> take_waiters(const std::string& host) OPI_REQUIRES(mutex_) {
    const auto job = jobs_.find(host);
    if (job == jobs_.end()) return {};
    auto waiters = std::move(job->second);
    jobs_.erase(job);
    waiting_ -= waiters.size();
    return waiters;
  }

  // The analysis does not follow a lock that is passed on, here and in look_up(); their callers are checked.
  void call_back(Lock& lock, const std::vector<Callback>& waiters, const Resolution& answer)
      OPI_REQUIRES(mutex_) OPI_NO_THREAD_SAFETY_ANALYSIS {
    if (waiters.empty() || stopping_) return;
    ++calling_back_;
    lock.unlock();
    for (const auto& done : waiters) done(answer);
    lock.lock();
    --calling_back_;
    quiet_.notify_all();
  }

  void work() {
    Lock lock(mutex_);
    for (;;) {
      std::string host = take();
      while (host.empty() && !stopping_) {
        if (threads_ - stuck_ > options_.threads) break;  // came back from a hang, was replaced meanwhile
        ++idle_;
        work_.wait(lock);
        --idle_;
        host = take();
      }
      if (stopping_ || host.empty()) break;
      if (!turns_.empty()) work_.notify_one();
      look_up(lock, host);
    }
    --threads_;
    quiet_.notify_all();
  }

  void look_up(Lock& lock, const std::string& host) OPI_REQUIRES(mutex_) OPI_NO_THREAD_SAFETY_ANALYSIS {
    const std::uint64_t id = ++last_id_;
    const auto now = Clock::now();
    running_.push_back({id, host, now + options_.replace_after, now + options_.lookup_timeout, false});
    watch_.notify_one();
    ++in_lookup_;
    lock.unlock();
    Resolution answer;
    try {
      answer = lookup_(host);
    } catch (const std::exception& error) {
      answer.addresses.clear();
      answer.failure = error.what();
    }
    lock.lock();
    --in_lookup_;
    quiet_.notify_all();
    if (stopping_) return;
    const auto mine = std::ranges::find(running_, id, &Running::id);
    const std::string site_name = site_of(host);
    Site& site = sites_[site_name];
    --site.running;
    const bool was_overdue = mine == running_.end();
    if (was_overdue || mine->replaced) --stuck_;
    if (!was_overdue) running_.erase(mine);
    // A late answer still serves whoever asks next; a late failure says no more than the timeout did.
    if (!was_overdue || !answer.addresses.empty()) {
      site.suspect = false;
      cache_.put(host, answer, Clock::now());
      call_back(lock, take_waiters(host), answer);
    }
    Site& after = sites_[site_name];  // the lock was released in between
    const bool forgettable = !after.suspect || sites_.size() > max_remembered_sites;
    if (after.waiting.empty() && after.running == 0 && !after.in_turn && forgettable)
      sites_.erase(site_name);
    else
      offer(site_name);
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
        const std::string host = std::move(running_.front().host);
        running_.pop_front();
        give_up(lock, host);
      } else {
        const auto until = std::min(next, running_.front().overdue_at);  // not by reference: the front may go meanwhile
        watch_.wait_until(lock, until);
      }
    }
  }

  // Fails a host whose lookup is overdue, and with it all hosts of its site that wait for their turn.
  void give_up(Lock& lock, const std::string& host) OPI_REQUIRES(mutex_) {
    Site& site = sites_[site_of(host)];
    site.suspect = true;
    auto others = std::exchange(site.waiting, {});
    Resolution answer;
    answer.failure = "the lookup took longer than " + std::to_string(options_.lookup_timeout.count()) + " ms";
    cache_.put(host, answer, Clock::now());
    auto waiters = take_waiters(host);
    for (const auto& other : others) std::ranges::move(take_waiters(other), std::back_inserter(waiters));
    call_back(lock, waiters, answer);
  }

  const Options options_;
  const Lookup lookup_;
  Mutex mutex_;
  Condition work_, watch_, quiet_;
  NameCache cache_ OPI_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::vector<Callback>> jobs_ OPI_GUARDED_BY(mutex_);  // by host: who waits for it
  std::unordered_map<std::string, Site> sites_ OPI_GUARDED_BY(mutex_);
  std::deque<std::string> turns_ OPI_GUARDED_BY(mutex_);  // sites with work and a free share
  std::list<Running> running_ OPI_GUARDED_BY(mutex_);     // by start, so by slow_at and overdue_at
  std::thread watchdog_;
  std::size_t threads_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t idle_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t stuck_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t in_lookup_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t waiting_ OPI_GUARDED_BY(mutex_) = 0;
  std::size_t calling_back_ OPI_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_id_ OPI_GUARDED_BY(mutex_) = 0;
  bool stopping_ OPI_GUARDED_BY(mutex_) = false;
};

SystemResolver::SystemResolver(Options options, Lookup lookup)
    : state_(std::make_shared<State>(options, std::move(lookup))) {
  state_->start();
}

SystemResolver::~SystemResolver() { state_->stop(); }

void SystemResolver::resolve(const std::string& host, Callback done) { state_->resolve(host, std::move(done)); }

}  // namespace opi::egress
