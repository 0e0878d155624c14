#include "postgres/connection.hpp"

#include <Poco/Data/PostgreSQL/Connector.h>
#include <Poco/Data/PostgreSQL/Utility.h>
#include <Poco/Data/Session.h>
#include <Poco/Exception.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "domain/store_errors.hpp"
#include "postgres/pooler.hpp"
#include "postgres/server_error.hpp"

namespace opi::postgres {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

void register_connector() {
  static const bool registered = [] {
    Poco::Data::PostgreSQL::Connector::registerConnector();
    return true;
  }();
  static_cast<void>(registered);
}

// True if the socket became ready within the time; false if the time passed. EINTR counts as ready.
bool poll_socket(PGconn* native, short events, std::chrono::milliseconds timeout) {
  pollfd entry{PQsocket(native), events, 0};
  const auto bounded = std::clamp<std::chrono::milliseconds::rep>(timeout.count(), 0, 3'600'000);
  return ::poll(&entry, 1, static_cast<int>(bounded)) != 0;
}

constexpr std::chrono::milliseconds closing_look{250};

// How long a rival waits for a server of its own; a pooler that has none left lets it wait.
constexpr std::chrono::milliseconds rival_deadline{5'000};

// Also true of a server that is told to be read-only. A proxy that sends what is read to a standby has it answer.
constexpr const char* ask_read_only = "SHOW transaction_read_only";
constexpr const char* takes_no_writes =
    "postgresql: the server takes no writes: it is a standby, or told to be read-only. Several hosts need "
    "target_session_attrs=read-write in the connection string, and Pgpool-II load_balance_mode=off";

std::chrono::milliseconds until(SteadyTime deadline) {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
}

}  // namespace

Connection::Connection(ConnectionSettings settings) : Connection(std::move(settings), Role::ours) {}

Connection::Connection(ConnectionSettings settings, Role role) : settings_(std::move(settings)), role_(role) {
  register_connector();
}

Connection::~Connection() {
  // POCO 1.11 frees the PGconn of a session that ends connected, and forgets that of one that does not.
  const bool forgotten = native_ != nullptr && PQstatus(native_) != CONNECTION_OK;
  session_.reset();
  if (forgotten) PQfinish(native_);
}

void Connection::ensure_open() {
  if (!healthy()) return open();
  // A pooler may be told otherwise at any time.
  if (peer_ == Peer::pooler && server_process() != process_) give_up(shared_server);
}

// The server says goodbye to an idle session with a FATAL notice, before it closes the socket. A warning matters to
// commit() alone. Without a receiver libpq would print them all.
void Connection::on_notice(void* self, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view text = severity == nullptr ? "" : severity;
  if (text == "FATAL" || text == "PANIC") static_cast<Connection*>(self)->given_up_ = true;
  if (text == "WARNING") static_cast<Connection*>(self)->warned_ = true;
}

// An idle connection has nothing to read, except news (which are consumed) or its end.
bool Connection::healthy() {
  if (native_ == nullptr || given_up_) return false;
  for (int reads = 0; reads < 8 && PQstatus(native_) == CONNECTION_OK; ++reads) {
    if (!poll_socket(native_, POLLIN, std::chrono::milliseconds{0})) break;
    if (PQconsumeInput(native_) == 0) return false;
    static_cast<void>(PQisBusy(native_));  // takes the message apart
  }
  return !given_up_ && PQstatus(native_) == CONNECTION_OK && PQtransactionStatus(native_) == PQTRANS_IDLE;
}

// Until the session is as all of ours are, it is one that the next ensure_open() does not trust.
void Connection::open() {
  if (settings_.closing->is_over()) throw StoreUnavailable("postgresql: no session is opened while the program ends");
  prepared_.clear();
  given_up_ = true;
  connect();
  ++generation_;
  if (role_ == Role::ours) {
    prove_session();
    // A commit that waited for a standby beyond our deadline still does, though nobody waits for it: it would hold its
    // place among the server's connections, and its locks, until the standby is back.
    if (peer_ == Peer::server) {
      if (!identity_.process.empty()) let_go(*this, identity_);
      identity_ = identity_of(*this);
    }
    if (script(settings_.on_open + ask_read_only, "open session").text(0, 0) != "off")
      throw StoreUnavailable(takes_no_writes);
  }
  given_up_ = false;
}

void Connection::connect() {
  if (native_ == nullptr) {
    // POCO 1.11 leaks the PGconn of an attempt that fails and of a session that ends disconnected. So try
    // first, and once there is a PGconn keep it and let libpq reset it.
    const std::unique_ptr<PGconn, decltype(&PQfinish)> trial{PQconnectdb(settings_.connection.c_str()), &PQfinish};
    if (PQstatus(trial.get()) != CONNECTION_OK)
      throw StoreUnavailable("postgresql: cannot connect: " + one_line(PQerrorMessage(trial.get())));
    try {
      session_ = std::make_unique<Poco::Data::Session>("postgresql", settings_.connection);
    } catch (const Poco::Exception& error) {
      throw StoreUnavailable("postgresql: cannot connect: " + one_line(error.message().c_str()));
    }
    native_ = *Poco::Data::PostgreSQL::Utility::handle(*session_);
  } else {
    PQreset(native_);
    if (PQstatus(native_) != CONNECTION_OK)
      throw StoreUnavailable("postgresql: cannot reconnect: " + one_line(PQerrorMessage(native_)));
  }
  PQsetNoticeReceiver(native_, &Connection::on_notice, this);
  PQsetnonblocking(native_, 1);  // so that a server that does not read cannot hold a writer beyond the deadline
}

// A server tells its process when it connects. A pooler tells a number of its own, by which it knows whose statement to
// cancel.
void Connection::prove_session() {
  process_ = server_process();
  peer_ = process_ == std::to_string(PQbackendPID(native_)) ? Peer::server : Peer::pooler;
  if (peer_ == Peer::server) return;
  Connection rival({settings_.connection, {}, rival_deadline, settings_.closing}, Role::rival);
  try {
    rival.open();
    if (keeps_its_server(
            process_, [this] { return server_process(); }, [&rival] { return rival.server_process(); }))
      return;
  } catch (const StoreUnavailable& failure) {
    throw StoreUnavailable(std::string{failure.what()} +
                           "; what answers is a pooler, which must have one server more than the daemons have sessions "
                           "(PgBouncer's default_pool_size), to show that it keeps them apart");
  }
  throw StoreUnavailable(shared_server);
}

std::string Connection::server_process() {
  return script("SELECT pg_catalog.pg_backend_pid()", "ask for the server").string(0, 0);
}

Connection::Address Connection::address() const {
  const std::string host = PQhostaddr(native_);
  return {host.starts_with('/') ? std::string{} : host, std::atoi(PQport(native_))};
}

void Connection::give_up(const char* why) {
  given_up_ = true;
  throw StoreUnavailable(why);
}

void Connection::lost(std::string_view what) {
  given_up_ = true;
  throw StoreUnavailable("postgresql: " + std::string{what} + ": connection lost or deadline passed");
}

void Connection::await_socket(short events, SteadyTime deadline, std::string_view what) {
  // A look now and then, for the closing time may come while this waits.
  for (;;) {
    const auto left = until(settings_.closing->or_earlier(deadline));
    if (left.count() <= 0) lost(what);
    if (poll_socket(native_, events, std::min(left, closing_look))) return;
  }
}

void Connection::flush(SteadyTime deadline, std::string_view what) {
  for (;;) {
    const int state = PQflush(native_);
    if (state == 0) return;
    if (state < 0) lost(what);
    await_socket(POLLIN | POLLOUT, deadline, what);
    if (PQconsumeInput(native_) == 0) lost(what);
  }
}

Rows Connection::await_result(std::string_view what) {
  const auto deadline = std::chrono::steady_clock::now() + settings_.deadline;
  flush(deadline, what);
  std::unique_ptr<PGresult, decltype(&PQclear)> last{nullptr, &PQclear};
  for (;;) {
    while (PQisBusy(native_) != 0) {
      await_socket(POLLIN, deadline, what);
      if (PQconsumeInput(native_) == 0) lost(what);
    }
    PGresult* next = PQgetResult(native_);
    if (next == nullptr) break;
    // Of several commands the first error stands, else the last result.
    if (last == nullptr || PQresultStatus(last.get()) != PGRES_FATAL_ERROR)
      last.reset(next);
    else
      PQclear(next);
  }
  if (PQstatus(native_) != CONNECTION_OK) lost(what);
  if (last == nullptr) lost(what);
  const auto status = PQresultStatus(last.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    if (ends_session(last.get())) given_up_ = true;
    raise_server_error(last.get(), what);
  }
  return Rows{last.release()};
}

void Connection::prepare(const Statement& statement) {
  if (prepared_.contains(statement.name)) return;
  if (PQsendPrepare(native_, statement.name, statement.sql, 0, nullptr) == 0) lost(statement.name);
  await_result(statement.name);
  prepared_.insert(statement.name);
}

Rows Connection::execute(const Statement& statement, const Parameters& parameters) {
  prepare(statement);
  const auto native = parameters.native();
  if (PQsendQueryPrepared(native_, statement.name, parameters.count(), native.values.data(), native.lengths.data(),
                          native.formats.data(), 1) == 0)
    lost(statement.name);
  return await_result(statement.name);
}

Rows Connection::script(const std::string& sql, std::string_view what) {
  if (PQsendQuery(native_, sql.c_str()) == 0) lost(what);
  return await_result(what);
}

void Connection::commit() {
  warned_ = false;
  try {
    if (PQsendQuery(native_, "COMMIT") == 0) lost("commit");
    // A transaction that had failed answers COMMIT with ROLLBACK.
    if (await_result("commit").command_tag() != "COMMIT") throw StoreUnavailable("postgresql: commit: rolled back");
  } catch (const StoreUnavailable& error) {
    if (given_up_ || PQstatus(native_) != CONNECTION_OK) throw CommitInDoubt(error.what());
    throw;
  }
  // Of a commit the server warns when somebody had it stop waiting for a synchronous standby (pg_cancel_backend()).
  if (warned_) throw CommitInDoubt("postgresql: commit: no standby has confirmed it");
}

void Connection::rollback() noexcept {
  if (given_up_ || PQstatus(native_) != CONNECTION_OK || PQtransactionStatus(native_) == PQTRANS_IDLE) return;
  try {
    script("ROLLBACK", "rollback");
  } catch (const std::exception&) {
    given_up_ = true;  // whatever it was: the next ensure_open() starts a fresh session, which has no transaction
  }
}

std::vector<std::string> Connection::await_notifications(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    std::vector<std::string> payloads;
    if (PQconsumeInput(native_) == 0) lost("listen");
    while (PGnotify* notification = PQnotifies(native_)) {
      const std::unique_ptr<PGnotify, decltype(&PQfreemem)> owned{notification, &PQfreemem};
      payloads.emplace_back(notification->extra);
    }
    if (!payloads.empty()) return payloads;
    const auto left = until(deadline);
    if (left.count() <= 0 || !poll_socket(native_, POLLIN, left)) return payloads;
  }
}

}  // namespace opi::postgres
