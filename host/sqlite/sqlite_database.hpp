#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "sqlite/connection.hpp"

namespace opi::sqlite {

// The sessions that all stores of one daemon share: one that writes, because SQLite has one writer at a time,
// and some that read beside it. In memory there is one session for everything. Thread-safe; outlives the
// stores made from it.
class SqliteDatabase final {
 public:
  // A borrowed session; given back by its destructor.
  class Lease {
   public:
    Lease(std::unique_lock<std::timed_mutex> lock, Connection& connection)
        : lock_(std::move(lock)), connection_(&connection) {}
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_; }

   private:
    std::unique_lock<std::timed_mutex> lock_;
    Connection* connection_;
  };

  // Opens the database. Throws StoreUnavailable.
  explicit SqliteDatabase(const SqliteOptions& options);

  // Brings the schema up to this program's, in one transaction that excludes other writers.
  // Throws SchemaRefused, StoreUnavailable.
  void migrate();

  // Both throw StoreUnavailable if the session does not become free within the busy timeout.
  Lease writer(Durability durability = Durability::full);
  Lease reader();

 private:
  struct Guarded {
    Guarded(const SqliteOptions& options, Connection::Kind kind) : connection(options, kind) {}
    std::timed_mutex mutex;
    Connection connection;
  };
  Lease borrow(Guarded& guarded);

  const SqliteOptions options_;
  Guarded writer_;
  std::vector<std::unique_ptr<Guarded>> readers_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace opi::sqlite
