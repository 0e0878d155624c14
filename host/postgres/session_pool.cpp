#include "postgres/session_pool.hpp"

#include "domain/store_errors.hpp"
#include "foundation/mutex.hpp"

namespace opi::postgres {

SessionPool::SessionPool(int sessions, const ConnectionSettings& settings, std::chrono::milliseconds borrow_timeout)
    : borrow_timeout_(borrow_timeout) {
  for (int i = 0; i < sessions; ++i) idle_.push_back(std::make_unique<Connection>(settings));
}

SessionPool::Lease SessionPool::borrow() {
  Lock lock{mutex_};
  const auto until = std::chrono::steady_clock::now() + borrow_timeout_;
  while (idle_.empty())
    if (!freed_.wait_until(lock, until) && idle_.empty()) throw StoreUnavailable("postgresql: all sessions are busy");
  Lease lease{*this, std::move(idle_.back())};  // the one used last: its caches are warm
  idle_.pop_back();
  lock.unlock();
  lease->ensure_open();
  return lease;
}

void SessionPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const Lock lock{mutex_};
    idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace opi::postgres
