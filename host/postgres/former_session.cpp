#include "postgres/former_session.hpp"

#include "postgres/connection.hpp"

namespace opi::postgres {
namespace {

// Numbers, for a time as text depends on the session's settings.
constexpr Statement ask_identity{"ask_identity", R"(
  SELECT a.pid::text, extract(epoch FROM a.backend_start)::text,
         extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text
  FROM pg_catalog.pg_stat_activity a WHERE a.pid = pg_catalog.pg_backend_pid())"};

constexpr Statement cancel_former{"cancel_former", R"(
  SELECT pg_catalog.pg_cancel_backend(a.pid)
  FROM pg_catalog.pg_stat_activity a
  WHERE a.pid::text = $1::text AND extract(epoch FROM a.backend_start)::text = $2::text
    AND extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text = $3::text
    AND a.usename = session_user AND a.wait_event = 'SyncRep')"};

}  // namespace

SessionIdentity identity_of(Connection& connection) {
  const auto rows = connection.execute(ask_identity);
  return {rows.string(0, 0), rows.string(0, 1), rows.string(0, 2)};
}

bool let_go(Connection& connection, const SessionIdentity& former) {
  return connection
             .execute(cancel_former, Parameters{}.text(former.process).text(former.began).text(former.server_began))
             .size() > 0;
}

}  // namespace opi::postgres
