#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "postgres/closing_time.hpp"
#include "postgres/former_session.hpp"
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
  std::shared_ptr<const ClosingTime> closing = std::make_shared<const ClosingTime>();
};

// Where a session ends.
enum class Peer {
  unknown,  // it never was open
  server,
  pooler,  // that keeps a server for it
};

// One session. POCO's connector opens and owns the connection; statements run over its native handle,
// because POCO 1.11 prepares each statement anew, knows no array parameters and hides the SQLSTATE.
// Every call ends by the deadline, and by the closing time if that is earlier; from then on none is opened. A lost
// connection is opened again by the next ensure_open(), and so is one whose server cannot be written to, such as a
// standby, or whose pooler has given its server to somebody else. Errors: StoreUnavailable, or StoreRefused for content
// that the schema forbids; both carry the statement's name, the SQLSTATE, and nothing that came with the data. Not
// thread-safe.
class Connection {
 public:
  explicit Connection(ConnectionSettings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens or reopens if needed; notices a connection that died while it was idle. Throws StoreUnavailable also if it
  // leads to a server that takes no writes, or through a pooler that does not keep a server for it.
  void ensure_open();

  Rows execute(const Statement& statement, const Parameters& parameters = {});

  // Commands without parameters, in one implicit transaction unless they say otherwise. Answers the last one's rows,
  // all columns of which are text.
  Rows script(const std::string& sql, std::string_view what);

  // Ends the transaction. Throws CommitInDoubt if the connection is lost before the answer, and if the server has given
  // up waiting for the standby that is to have it, too: it is committed, and a failover may lose it.
  void commit();

  // Leaves the transaction; a connection that cannot even do that is given up. Never throws.
  void rollback() noexcept;

  // Blocks until notifications have come or the timeout has passed; the payloads of the former.
  std::vector<std::string> await_notifications(std::chrono::milliseconds timeout);

  // Grows with every (re)connection: what belongs to a session, such as LISTEN, has to be done again.
  [[nodiscard]] int generation() const { return generation_; }

  [[nodiscard]] Peer peer() const { return peer_; }

  // Whom it is connected to, as this side sees it; no host for a unix socket. While it is open.
  struct Address {
    std::string host;
    int port = 0;
  };
  [[nodiscard]] Address address() const;

 private:
  enum class Role { ours, rival };  // a rival only asks who answers it
  Connection(ConnectionSettings settings, Role role);
  void open();
  void connect();
  void prove_session();
  std::string server_process();
  [[noreturn]] void give_up(const char* why);
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
  const Role role_ = Role::ours;
  int generation_ = 0;
  Peer peer_ = Peer::unknown;
  SessionIdentity identity_;  // of the last session that led to a server, not to a pooler
  std::string process_;       // the server's that answered first
  bool given_up_ = false;     // the next ensure_open() starts anew: a call left the protocol in the middle, say
  bool warned_ = false;       // by the server, since the last commit() began
};

}  // namespace opi::postgres
