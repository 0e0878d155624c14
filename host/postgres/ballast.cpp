#include "postgres/ballast.hpp"

#include <algorithm>

namespace opi::postgres {
namespace {

// What holds back the horizon of this database's tables: its own sessions, replicas that tell of their snapshots,
// prepared transactions, and slots. A running vacuum does not. Names may hold anything: shown is what prints.
// The standby's own sessions are not seen from here; its slot or its sender stands for them.
constexpr Statement find_holders{"find_snapshot_holders", R"(
  WITH holders AS (
    SELECT CASE WHEN a.backend_type = 'walsender' THEN format('a replica, %s (%s), that tells of its own snapshots',
                                                              a.application_name, coalesce(host(a.client_addr), 'local'))
                ELSE format('session %s of %s (%s), %s', a.pid, a.usename, a.application_name, a.state) END AS who,
           CASE WHEN a.backend_type <> 'walsender' THEN extract(epoch FROM clock_timestamp() - a.xact_start) END AS age,
           greatest(coalesce(age(a.backend_xmin), 0), coalesce(age(a.backend_xid), 0)) AS transactions,
           CASE WHEN a.backend_type = 'walsender' THEN
                  'end the long query there, or give the replica hot_standby_feedback=off or max_standby_streaming_delay'
                ELSE format('let it end (pg_dump ends by itself), or SELECT pg_terminate_backend(%s)', a.pid) END AS remedy
    FROM pg_stat_activity a
    WHERE (a.datname = current_database() OR a.backend_type = 'walsender') AND a.pid <> pg_backend_pid()
      AND a.backend_type <> 'autovacuum worker' AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
    UNION ALL
    SELECT format('prepared transaction %L of %s', p.gid, p.owner), extract(epoch FROM clock_timestamp() - p.prepared),
           age(p.transaction), format('COMMIT PREPARED %L or ROLLBACK PREPARED %L, as whoever prepared it decides', p.gid, p.gid)
    FROM pg_prepared_xacts p WHERE p.database = current_database()
    UNION ALL
    SELECT format('replication slot %s, %s', s.slot_name, CASE WHEN s.active THEN 'in use' ELSE 'which nobody uses' END),
           NULL, age(s.xmin),
           CASE WHEN s.active THEN 'end the long query on its standby, or set hot_standby_feedback=off there'
                ELSE format('bring its standby back, or SELECT pg_drop_replication_slot(%L)', s.slot_name) END
    FROM pg_replication_slots s WHERE s.xmin IS NOT NULL
  )
  SELECT regexp_replace(who, '[^ -~]', '?', 'g'), age::bigint, transactions::bigint,
         regexp_replace(remedy, '[^ -~]', '?', 'g')
  FROM holders
  WHERE CASE WHEN age IS NULL THEN transactions >= $2::bigint ELSE age >= $1::bigint END
  ORDER BY transactions DESC, age DESC NULLS LAST LIMIT 5)"};

constexpr std::int64_t many_transactions = 100'000;

constexpr Statement weigh_outbox{"weigh_outbox", R"(
  SELECT coalesce(sum(n_live_tup), 0)::bigint, coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables
  WHERE relid = to_regclass('public.integration_outbox'))"};

constexpr Statement oldest_snapshot{"oldest_snapshot", R"(
  SELECT coalesce(max(extract(epoch FROM clock_timestamp() - since) * 1000), 0)::bigint FROM (
    SELECT xact_start AS since FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'
      AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    UNION ALL
    SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) s)"};

constexpr Statement kept_elsewhere{"kept_elsewhere", R"(
  SELECT xmin::text, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM (
    SELECT backend_xmin AS xmin FROM pg_stat_activity WHERE backend_type = 'walsender'
    UNION ALL
    SELECT xmin FROM pg_replication_slots) kept
  WHERE xmin IS NOT NULL ORDER BY age(xmin) DESC LIMIT 1)"};

// Of a replica that may not be seen the server tells no more than that it is there.
constexpr Statement count_hidden{"count_hidden_sessions", R"(
  SELECT (SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND query = '<insufficient privilege>')
       + (SELECT count(*) FROM pg_stat_replication WHERE state IS NULL))"};

}  // namespace

std::vector<SnapshotHolder> snapshot_holders(Connection& connection, std::chrono::seconds patience) {
  const auto rows = connection.execute(
      find_holders, Parameters{}.int8(patience.count()).int8(patience.count() == 0 ? 0 : many_transactions));
  std::vector<SnapshotHolder> holders;
  for (int i = 0; i < rows.size(); ++i) {
    SnapshotHolder one{rows.string(i, 0), {}, rows.int8(i, 2), rows.string(i, 3)};
    if (!rows.is_null(i, 1)) one.since = std::chrono::seconds{rows.int8(i, 1)};
    holders.push_back(std::move(one));
  }
  return holders;
}

delivery::Ballast weigh(Connection& connection) {
  const auto rows = connection.execute(weigh_outbox);
  return {rows.int8(0, 0), rows.int8(0, 1), std::chrono::milliseconds{connection.execute(oldest_snapshot).int8(0, 0)}};
}

std::chrono::milliseconds KeptElsewhere::for_how_long(Connection& connection) {
  const auto rows = connection.execute(kept_elsewhere);
  if (rows.size() == 0) {
    oldest_.clear();
    return {};
  }
  const std::chrono::milliseconds now{rows.int8(0, 1)};
  if (oldest_ != rows.string(0, 0)) {
    oldest_ = rows.string(0, 0);
    seen_at_ = now;
  }
  return std::max(now - seen_at_, std::chrono::milliseconds{0});
}

int hidden_sessions(Connection& connection) { return static_cast<int>(connection.execute(count_hidden).int8(0, 0)); }

}  // namespace opi::postgres
