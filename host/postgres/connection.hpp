#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "postgres/parameters.hpp"
#include "postgres/rows.hpp"

namespace Poco::Data {
class Session;
}

namespace opi::postgres {

// A statement with a constant name, under which each connection prepares it once.
struct Statement {
  const char* name;
  const char* sql;
};

struct ConnectionSettings {
  std::string connection;              // as PostgresOptions::connection, completed
  std::string on_open;                 // commands that every (re)opened session starts with
  std::chrono::milliseconds deadline;  // of one statement, from this side
};

// One session. POCO's connector opens and owns the connection; statements run over its native handle,
// because POCO 1.11 prepares each statement anew, knows no array parameters and hides the SQLSTATE.
// Every call ends by the deadline. A lost connection is opened again by the next ensure_open().
// Errors: StoreUnavailable, or StoreRefused for content that the schema forbids; both carry the statement's
// name, the SQLSTATE, and nothing that came with the data. Not thread-safe.
class Connection {
 public:
  explicit Connection(ConnectionSettings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens or reopens if needed; notices a connection that died while it was idle.
  void ensure_open();

  Rows execute(const Statement& statement, const Parameters& parameters = {});

  // Commands without parameters or rows, in one implicit transaction unless they say otherwise.
  void script(const std::string& sql, std::string_view what);

  // Ends the transaction. Throws CommitInDoubt if the connection is lost before the answer.
  void commit();

  // Leaves the transaction; a connection that cannot even do that is given up. Never throws.
  void rollback() noexcept;

  // Blocks until a notification has come or the timeout has passed; true for the former.
  bool await_notification(std::chrono::milliseconds timeout);

  // Grows with every (re)connection: what belongs to a session, such as LISTEN, has to be done again.
  [[nodiscard]] int generation() const { return generation_; }

 private:
  void open();
  void prepare(const Statement& statement);
  Rows await_result(std::string_view what);
  void await_socket(short events, std::chrono::steady_clock::time_point deadline, std::string_view what);
  void flush(std::chrono::steady_clock::time_point deadline, std::string_view what);
  static void on_notice(void* self, const PGresult* notice);
  [[noreturn]] void lost(std::string_view what);
  [[nodiscard]] bool healthy();

  ConnectionSettings settings_;
  std::unique_ptr<Poco::Data::Session> session_;
  PGconn* native_ = nullptr;  // session_'s
  std::set<std::string_view> prepared_;
  int generation_ = 0;
  bool given_up_ = false;  // a call left the protocol in the middle
};

}  // namespace opi::postgres
