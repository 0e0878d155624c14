#pragma once
#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sqlite/options.hpp"

namespace Poco::Data {
class Session;
}

namespace opi::sqlite {

// A statement with a constant name, compiled once per connection.
struct Statement {
  const char* name;
  const char* sql;
};

enum class Durability {
  full,     // on the disk when the commit returns
  relaxed,  // in the write-ahead log's order: lost only together with everything after it
};

// One session. POCO's connector opens and owns it; statements run over its native handle, because POCO
// compiles each statement anew and hides the result code.
// Errors: StoreUnavailable, or StoreRefused for content that the schema forbids; both name the statement and
// nothing that came with the data. Not thread-safe.
class Connection {
 public:
  enum class Kind { writer, reader };
  Connection(const SqliteOptions& options, Kind kind);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Commands without parameters or rows.
  void script(const std::string& sql, std::string_view what);
  void set_durability(Durability durability);

  // Throws CommitInDoubt if the disk failed while the commit was written.
  void commit();
  void rollback() noexcept;

  // The compiled statement, reset and without bindings. Owned by the connection.
  sqlite3_stmt* compiled(const Statement& statement);
  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(native_); }

  [[noreturn]] void raise(int code, std::string_view what) const;

 private:
  void keep_log(std::chrono::milliseconds patience);
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<Poco::Data::Session> session_;
  sqlite3* native_ = nullptr;  // session_'s
  std::unordered_map<std::string_view, std::unique_ptr<sqlite3_stmt, Finalize>> compiled_;
  Durability durability_ = Durability::full;
};

}  // namespace opi::sqlite
