#pragma once
#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "foundation/mutex.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// The sessions that all stores of one daemon share: one that writes, because SQLite has one writer at a time,
// and some that read beside it. In memory there is one session for everything. Thread-safe; outlives the
// stores made from it.
class SqliteDatabase final {
  struct Waiting {
    Condition given;
    bool has_it = false;
  };
  // A session that one caller at a time may use, in the order in which they asked for it.
  struct Guarded {
    Guarded(const SqliteOptions& options, Connection::Kind kind) : connection(options, kind) {}
    Mutex mutex;
    bool busy OPI_GUARDED_BY(mutex) = false;
    std::list<Waiting*> waiting OPI_GUARDED_BY(mutex);  // some only while it is busy
    Connection connection;
  };

 public:
  // A borrowed session; given back by its destructor.
  class Lease {
   public:
    explicit Lease(Guarded& guarded) : guarded_(&guarded) {}
    Lease(Lease&& other) noexcept : guarded_(std::exchange(other.guarded_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection& operator*() const { return guarded_->connection; }
    Connection* operator->() const { return &guarded_->connection; }

   private:
    Guarded* guarded_;
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
  static std::optional<Lease> borrow(Guarded& guarded, std::chrono::milliseconds timeout);
  Lease borrow(Guarded& guarded);

  const SqliteOptions options_;
  Guarded writer_;
  std::vector<std::unique_ptr<Guarded>> readers_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace opi::sqlite
