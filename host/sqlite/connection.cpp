#include "sqlite/connection.hpp"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Data/Session.h>
#include <Poco/Exception.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "domain/store_errors.hpp"
#include "sqlite/private_file.hpp"

namespace opi::sqlite {
namespace {

void register_connector() {
  static const bool registered = [] {
    Poco::Data::SQLite::Connector::registerConnector();
    return true;
  }();
  static_cast<void>(registered);
}

// POCO tries again and again for so long, although a file that cannot be opened stays so; its default is a minute.
constexpr std::size_t open_timeout_s = 1;

std::string reason(const std::string& path) {
  if (::eaccess(path.c_str(), R_OK | W_OK) == 0) return {};
  return ": " + std::error_code{errno, std::generic_category()}.message();
}

std::string set_up(const SqliteOptions& options, Connection::Kind kind) {
  std::string sql =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      // REPLACE must not get past the triggers of audit_log.
      "PRAGMA recursive_triggers = ON; "
      // Overwrites deleted content where that costs no extra I/O.
      "PRAGMA secure_delete = FAST; ";
  sql += "PRAGMA cache_size = -" + std::to_string(options.cache_kib) + "; ";
  sql += "PRAGMA wal_autocheckpoint = " + std::to_string(options.checkpoint_pages) + "; ";
  if (options.max_pages > 0) sql += "PRAGMA max_page_count = " + std::to_string(options.max_pages) + "; ";
  if (kind == Connection::Kind::reader) sql += "PRAGMA query_only = ON; ";
  return sql;
}

}  // namespace

Connection::Connection(const SqliteOptions& options, Kind kind) {
  register_connector();
  if (options.path != ":memory:") keep_private(options.path);
  try {
    session_ = std::make_unique<Poco::Data::Session>("sqlite", options.path, open_timeout_s);
  } catch (const Poco::Exception&) {
    throw StoreUnavailable("sqlite: cannot open " + options.path + reason(options.path));
  }
  native_ = Poco::Data::SQLite::Utility::dbHandle(*session_);
  sqlite3_extended_result_codes(native_, 1);
  sqlite3_busy_timeout(native_, static_cast<int>(options.busy_timeout.count()));
  keep_log(options.busy_timeout);
  script(set_up(options, kind), "open session");
}

// Of several who open a new file at once, SQLite tells some without waiting that it is locked.
void Connection::keep_log(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while ((sqlite3_exec(native_, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr) & 0xff) == SQLITE_BUSY &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
}

Connection::~Connection() = default;

void Connection::raise(int code, std::string_view what) const {
  std::string text = "sqlite: " + std::string{what} + ": " + sqlite3_errstr(code) + " (" + std::to_string(code) + ")";
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      // Names the constraint and its columns, never a value.
      throw StoreRefused(text + ": " + sqlite3_errmsg(native_));
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE: throw StoreRefused(text);
    default: throw StoreUnavailable(text);  // busy, locked, full, I/O, cannot open, read-only, damaged
  }
}

void Connection::script(const std::string& sql, std::string_view what) {
  if (const int code = sqlite3_exec(native_, sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK)
    raise(code, what);
}

void Connection::set_durability(Durability durability) {
  if (durability == durability_) return;
  script(durability == Durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", "durability");
  durability_ = durability;
}

void Connection::commit() {
  const int code = sqlite3_exec(native_, "COMMIT", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return;
  // The log's commit record may or may not have reached the disk, where a restart would find it.
  if ((code & 0xff) == SQLITE_IOERR) throw CommitInDoubt(std::string{"sqlite: commit: "} + sqlite3_errstr(code));
  raise(code, "commit");
}

void Connection::rollback() noexcept {
  // An error that has already rolled back leaves nothing to do, and there is nothing to do about any other.
  if (sqlite3_get_autocommit(native_) == 0) sqlite3_exec(native_, "ROLLBACK", nullptr, nullptr, nullptr);
}

sqlite3_stmt* Connection::compiled(const Statement& statement) {
  auto& slot = compiled_[statement.name];
  if (slot == nullptr) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(native_, statement.sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) raise(code, statement.name);
    slot.reset(made);
  }
  return slot.get();
}

}  // namespace opi::sqlite
