#include "sqlite/sqlite_database.hpp"

#include "domain/store_errors.hpp"
#include "foundation/mutex.hpp"
#include "sqlite/schema.hpp"

namespace opi::sqlite {

SqliteDatabase::SqliteDatabase(const SqliteOptions& options)
    : options_(options), writer_(options, Connection::Kind::writer) {
  if (options.path == ":memory:") return;
  for (int i = 0; i < options.readers; ++i)
    readers_.push_back(std::make_unique<Guarded>(options, Connection::Kind::reader));
}

void SqliteDatabase::migrate() {
  const auto session = writer();
  migrate_schema(*session, known_migrations());
}

SqliteDatabase::Lease::~Lease() {
  if (guarded_ == nullptr) return;
  {
    const Lock lock{guarded_->mutex};
    guarded_->busy = false;
  }
  guarded_->freed.notify_one();
}

std::optional<SqliteDatabase::Lease> SqliteDatabase::borrow(Guarded& guarded, std::chrono::milliseconds timeout) {
  Lock lock{guarded.mutex};
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (guarded.busy)
    if (!guarded.freed.wait_until(lock, until) && guarded.busy) return std::nullopt;
  guarded.busy = true;
  return Lease{guarded};
}

SqliteDatabase::Lease SqliteDatabase::borrow(Guarded& guarded) {
  if (auto lease = borrow(guarded, options_.busy_timeout)) return std::move(*lease);
  throw StoreUnavailable("sqlite: the session is busy");
}

// One session for both durabilities: a second one would throw away its page cache after every commit of the first.
SqliteDatabase::Lease SqliteDatabase::writer(Durability durability) {
  auto lease = borrow(writer_);
  lease->set_durability(durability);
  return lease;
}

SqliteDatabase::Lease SqliteDatabase::reader() {
  if (readers_.empty()) return borrow(writer_);
  const std::size_t first = turn_++;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    auto& candidate = *readers_[(first + i) % readers_.size()];
    if (auto lease = borrow(candidate, std::chrono::milliseconds{0})) return std::move(*lease);
  }
  return borrow(*readers_[first % readers_.size()]);
}

}  // namespace opi::sqlite
