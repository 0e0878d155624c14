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

// It goes from hand to hand: whoever gives it back and asks again at once stands behind those who waited.
SqliteDatabase::Lease::~Lease() {
  if (guarded_ == nullptr) return;
  const Lock lock{guarded_->mutex};
  if (guarded_->waiting.empty()) {
    guarded_->busy = false;
    return;
  }
  Waiting& next = *guarded_->waiting.front();
  guarded_->waiting.pop_front();
  next.has_it = true;
  next.given.notify_one();
}

std::optional<SqliteDatabase::Lease> SqliteDatabase::borrow(Guarded& guarded, std::chrono::milliseconds timeout) {
  Lock lock{guarded.mutex};
  if (!std::exchange(guarded.busy, true)) return Lease{guarded};
  if (timeout.count() <= 0) return std::nullopt;
  Waiting waiting;
  const auto place = guarded.waiting.insert(guarded.waiting.end(), &waiting);
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (!waiting.has_it)
    if (!waiting.given.wait_until(lock, until) && !waiting.has_it) {
      guarded.waiting.erase(place);
      return std::nullopt;
    }
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
