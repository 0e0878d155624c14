#pragma once
#include <chrono>
#include <memory>
#include <vector>

#include "foundation/mutex.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// A fixed number of sessions of one purpose, opened when first borrowed. Thread-safe; outlives its leases.
class SessionPool {
 public:
  // A borrowed, open session; given back by its destructor.
  class Lease {
   public:
    Lease(SessionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    SessionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  SessionPool(int sessions, const ConnectionSettings& settings, std::chrono::milliseconds borrow_timeout);

  // Throws StoreUnavailable if no session becomes free in time or the server cannot be reached.
  Lease borrow();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  const std::chrono::milliseconds borrow_timeout_;
  Mutex mutex_;
  Condition freed_;
  std::vector<std::unique_ptr<Connection>> idle_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::postgres
