#include "postgres/postgres_fleet_store.hpp"

#include <algorithm>
#include <map>

#include "delivery/hold_entries.hpp"
#include "delivery/one_look.hpp"
#include "postgres/audit_chain.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::DestinationMemory;
using delivery::FleetSnapshot;
using Element = ArrayParameter::Element;

// Who is alive is judged by the clock as it is when a row is looked at: now() is from before a wait for who joins.
// What is told as the time of the snapshot is from before the snapshot, and the lifetime begins with it.
constexpr Statement go_on{"daemon_goes_on", R"(
  UPDATE integration_daemons
  SET alive_until = statement_timestamp() + $2::bigint * interval '1 millisecond',
      clock_ahead_ms = coalesce($3::bigint - (extract(epoch FROM statement_timestamp()) * 1000)::bigint, 0)
  WHERE daemon_id = $1::text AND alive_until > clock_timestamp()
  RETURNING statement_timestamp())"};

// Everybody else's beat waits until this has been committed, and those before it are seen: no snapshot without the one
// who joins is younger than its row. Two who join follow each other.
constexpr const char* begin_joining = "LOCK TABLE integration_daemons IN SHARE ROW EXCLUSIVE MODE";

constexpr Statement join{"daemon_joins", R"(
  WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
  fleet AS (SELECT EXISTS (SELECT FROM integration_daemons d, clock c
                           WHERE d.alive_until > c.now AND d.daemon_id <> $1::text) AS others)
  INSERT INTO integration_daemons AS d (daemon_id, joined_at, owns_from, alive_until, clock_ahead_ms)
  SELECT $1::text, c.now, c.now + CASE WHEN f.others THEN $3::bigint ELSE 0 END * interval '1 millisecond',
         c.now + $2::bigint * interval '1 millisecond',
         coalesce($4::bigint - (extract(epoch FROM statement_timestamp()) * 1000)::bigint, 0)
  FROM clock c, fleet f
  ON CONFLICT (daemon_id) DO UPDATE
  SET joined_at = excluded.joined_at, owns_from = excluded.owns_from, alive_until = excluded.alive_until,
      clock_ahead_ms = excluded.clock_ahead_ms
  WHERE d.alive_until <= excluded.joined_at
  RETURNING d.joined_at)"};

constexpr Statement read_members{"read_daemons", R"(
  SELECT daemon_id, owns_from FROM integration_daemons
  WHERE alive_until > clock_timestamp() OR daemon_id = $1::text ORDER BY daemon_id)"};

constexpr Statement read_roll{"read_roll_of_daemons", R"(
  SELECT daemon_id, joined_at, owns_from, alive_until, clock_ahead_ms, statement_timestamp() FROM integration_daemons
  ORDER BY daemon_id)"};

constexpr Statement remove_member{"remove_daemon", "DELETE FROM integration_daemons WHERE daemon_id = $1::text"};

// They say for a while who was there.
constexpr Statement remove_dead{
    "remove_dead_daemons", "DELETE FROM integration_daemons WHERE alive_until < clock_timestamp() - interval '1 hour'"};

// Of a destination that was deleted meanwhile there is nothing to keep.
constexpr Statement keep_memory{"keep_destination_memory", R"(
  INSERT INTO integration_destination_memory AS m (tenant_id, destination_id, paused_until, probe_at, paused_since,
    tripped_since, held_cause, held_since, held_detail)
  SELECT d.tenant_id, d.destination_id, now() + n.pause_ms * interval '1 millisecond',
         now() + n.probe_ms * interval '1 millisecond', n.paused_since, n.tripped_since, n.cause, n.held_since, n.detail
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[],
              $7::timestamptz[], $8::text[])
    AS n (destination_id, pause_ms, probe_ms, paused_since, tripped_since, cause, held_since, detail)
  JOIN integration_destinations d ON d.destination_id = n.destination_id
  ORDER BY d.destination_id
  FOR KEY SHARE OF d
  ON CONFLICT (destination_id) DO UPDATE
  SET paused_until = greatest(m.paused_until, excluded.paused_until), probe_at = excluded.probe_at,
      paused_since = coalesce(excluded.paused_since, m.paused_since), tripped_since = excluded.tripped_since,
      held_cause = excluded.held_cause, held_since = excluded.held_since, held_detail = excluded.held_detail)"};

constexpr Statement read_holds{"read_destination_holds", R"(
  SELECT d.tenant_id, d.destination_id, m.held_cause, m.held_since, m.held_detail, now()
  FROM integration_destinations d LEFT JOIN integration_destination_memory m ON m.destination_id = d.destination_id
  WHERE d.destination_id = ANY ($1::uuid[])
  ORDER BY d.destination_id FOR KEY SHARE OF d)"};

constexpr Statement keep_pause{"keep_late_pause", R"(
  INSERT INTO integration_destination_memory AS m (tenant_id, destination_id, paused_until)
  SELECT d.tenant_id, d.destination_id, now() + n.pause_ms * interval '1 millisecond'
  FROM unnest($1::uuid[], $2::bigint[]) AS n (destination_id, pause_ms)
  JOIN integration_destinations d ON d.destination_id = n.destination_id
  ORDER BY d.destination_id
  FOR KEY SHARE OF d
  ON CONFLICT (destination_id) DO UPDATE SET paused_until = greatest(m.paused_until, excluded.paused_until))"};

constexpr Statement forget{"forget_destinations", R"(
  DELETE FROM integration_destination_memory
  WHERE destination_id = ANY ($1::uuid[]) AND paused_until <= now() AND probe_at IS NULL
    AND held_cause IS NULL)"};

constexpr Statement read_memory{"read_destination_memory", R"(
  SELECT m.destination_id, ceil(extract(epoch FROM m.paused_until - now()) * 1000)::bigint,
         ceil(extract(epoch FROM m.probe_at - now()) * 1000)::bigint, m.paused_since, m.tripped_since, m.held_cause,
         m.held_since, m.held_detail
  FROM integration_destination_memory m
  WHERE m.destination_id = ANY ($1::uuid[])
    AND (m.paused_until > now() OR m.probe_at IS NOT NULL OR m.held_cause IS NOT NULL))"};

// A delivery that was given back and claimed again is named by two leases. IS TRUE keeps the ids in a hash table: the
// plan is made without knowing how many there are.
constexpr Statement count_leases{"count_others_leases", R"(
  SELECT o.destination_id, count(*)::int, ceil(extract(epoch FROM max(o.locked_until) - now()) * 1000)::bigint
  FROM (
    SELECT DISTINCT l.tenant_id, n.delivery_id
    FROM integration_leases l CROSS JOIN LATERAL unnest(l.deliveries, l.destinations) AS n (delivery_id, destination_id)
    WHERE l.leased_until > now() AND l.daemon_id <> $2::text
      AND (n.destination_id IN (SELECT unnest($1::uuid[]))) IS TRUE
  ) x CROSS JOIN LATERAL (
    SELECT o.destination_id, o.locked_until FROM integration_outbox o
    WHERE o.tenant_id = x.tenant_id AND o.delivery_id = x.delivery_id
      AND o.state = 'delivering' AND o.locked_until > now() AND o.locked_by <> $2::text OFFSET 0) o
  GROUP BY o.destination_id)"};

// What a receiver asks for is bounded far below.
constexpr std::int64_t longest_pause_ms = std::chrono::milliseconds{std::chrono::years{1}}.count();

FleetSnapshot read_fleet(Connection& connection, const std::string& self, delivery::DueTime taken_at) {
  FleetSnapshot snapshot;
  snapshot.taken_at = taken_at;
  const auto rows = connection.execute(read_members, Parameters{}.text(self));
  for (int i = 0; i < rows.size(); ++i) snapshot.members.push_back({rows.string(i, 0), rows.unix_micros(i, 1)});
  return snapshot;
}

// Cause, since and detail, from this column on. A cause that a newer version knows is none to this one.
std::optional<Hold> hold_of(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) return std::nullopt;
  const auto cause = parse_hold_cause(rows.text(row, column));
  if (!cause) return std::nullopt;
  return Hold{*cause, rows.string(row, column + 2), rows.optional_time(row, column + 1)};
}

std::optional<std::int64_t> clock_of(const delivery::FleetStore::Terms& terms) {
  if (!terms.clock) return std::nullopt;
  return std::chrono::milliseconds{terms.clock->time_since_epoch()}.count();
}

void remove_replaced(Connection& connection, const delivery::FleetStore::Terms& terms) {
  if (terms.replaces && *terms.replaces != terms.daemon_id)
    connection.execute(remove_member, Parameters{}.text(*terms.replaces));
}

// nullopt if it is not alive.
std::optional<FleetSnapshot> beat_on(Connection& connection, const delivery::FleetStore::Terms& terms) {
  Transaction transaction{connection};
  const auto beaten = connection.execute(
      go_on, Parameters{}.text(terms.daemon_id).int8(terms.lifetime.count()).optional_int8(clock_of(terms)));
  if (beaten.empty()) return std::nullopt;
  remove_replaced(connection, terms);
  auto snapshot = read_fleet(connection, terms.daemon_id, beaten.unix_micros(0, 0));
  transaction.commit();
  return snapshot;
}

// nullopt if it is alive.
std::optional<FleetSnapshot> join_fleet(Connection& connection, const delivery::FleetStore::Terms& terms) {
  Transaction transaction{connection};
  connection.script(begin_joining, "lock out beats");
  remove_replaced(connection, terms);
  connection.execute(remove_dead);
  const auto joined = connection.execute(join, Parameters{}
                                                   .text(terms.daemon_id)
                                                   .int8(terms.lifetime.count())
                                                   .int8(terms.joining.count())
                                                   .optional_int8(clock_of(terms)));
  if (joined.empty()) return std::nullopt;
  auto snapshot = read_fleet(connection, terms.daemon_id, joined.unix_micros(0, 0));
  transaction.commit();
  return snapshot;
}

}  // namespace

FleetSnapshot PostgresFleetStore::beat(const Terms& terms) {
  auto session = database_.general().borrow();
  if (auto snapshot = beat_on(*session, terms)) return *snapshot;
  if (auto snapshot = join_fleet(*session, terms)) return *snapshot;
  if (auto snapshot = beat_on(*session, terms)) return *snapshot;  // it has joined meanwhile, by another beat
  throw StoreUnavailable("postgresql: daemon_joins: its lifetime was over before it was seen");
}

void PostgresFleetStore::leave(const std::string& daemon_id) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  session->execute(remove_member, Parameters{}.text(daemon_id));
  transaction.commit();
}

delivery::FleetStore::Roll PostgresFleetStore::roll() {
  auto session = database_.general().borrow();
  const auto rows = session->execute(read_roll);
  Roll roll;
  for (int i = 0; i < rows.size(); ++i) {
    roll.daemons.push_back({rows.string(i, 0), rows.unix_micros(i, 1), rows.unix_micros(i, 2), rows.unix_micros(i, 3),
                            std::chrono::milliseconds{rows.int8(i, 4)}});
    roll.taken_at = rows.unix_micros(i, 5);
  }
  return roll;
}

void PostgresFleetStore::remember(std::span<const DestinationMemory> destinations, const std::string& daemon_id) {
  if (destinations.empty()) return;
  // A statement cannot touch a row twice.
  std::map<DestinationId, DestinationMemory> kept;
  for (const auto& one : destinations) {
    auto& memory = kept.try_emplace(one.destination, one).first->second;
    memory.pause = std::max(memory.pause, one.pause);
    if (one.late) continue;
    memory.probe_in = one.probe_in;
    memory.paused_since = one.paused_since;
    memory.tripped_since = one.tripped_since;
    memory.hold = one.hold;
    memory.late = false;
  }
  const auto bounded = [](std::chrono::milliseconds wait) {
    return std::clamp<std::int64_t>(wait.count(), 0, longest_pause_ms);
  };
  ArrayParameter all{Element::uuid}, ids{Element::uuid}, pauses{Element::int8}, probes{Element::int8},
      late_ids{Element::uuid}, late_pauses{Element::int8}, paused_since{Element::timestamptz},
      tripped_since{Element::timestamptz}, causes{Element::text}, held_since{Element::timestamptz},
      details{Element::text};
  const auto add_time = [](ArrayParameter& list, const std::optional<UnixTime>& time) {
    if (time)
      list.add_time(*time);
    else
      list.add_null();
  };
  for (const auto& [id, one] : kept) {
    all.add(id.value);
    (one.late ? late_ids : ids).add(id.value);
    (one.late ? late_pauses : pauses).add_int8(bounded(one.pause));
    if (one.late) continue;
    if (one.probe_in)
      probes.add_int8(bounded(*one.probe_in));
    else
      probes.add_null();
    add_time(paused_since, one.paused_since);
    add_time(tripped_since, one.tripped_since);
    if (one.hold)
      causes.add(to_string(one.hold->cause));
    else
      causes.add_null();
    add_time(held_since, one.hold ? one.hold->since : std::nullopt);
    details.add(one.hold ? std::string_view{one.hold->detail} : std::string_view{});
  }
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  std::vector<audit::Entry> entries;
  const auto rows = session->execute(read_holds, Parameters{}.array(ids));
  for (int i = 0; i < rows.size(); ++i) {
    const DestinationId id{rows.uuid(i, 1)};
    if (auto entry = delivery::entry_of({TenantId::parse(rows.text(i, 0)).value(), id, hold_of(rows, i, 2),
                                         kept.at(id).hold, daemon_id, rows.time(i, 5)}))
      entries.push_back(std::move(*entry));
  }
  session->execute(keep_memory, Parameters{}
                                    .array(ids)
                                    .array(pauses)
                                    .array(probes)
                                    .array(paused_since)
                                    .array(tripped_since)
                                    .array(causes)
                                    .array(held_since)
                                    .array(details));
  session->execute(keep_pause, Parameters{}.array(late_ids).array(late_pauses));
  session->execute(forget, Parameters{}.array(all));
  std::vector<const audit::Entry*> chained;
  for (const auto& entry : entries) chained.push_back(&entry);
  if (!chained.empty()) append_to_chains(*session, chained);
  transaction.commit();
}

std::vector<DestinationMemory> PostgresFleetStore::recall(std::span<const DestinationId> destinations,
                                                          const std::string& daemon_id) {
  delivery::require_one_look(destinations.size());
  if (destinations.empty()) return {};
  ArrayParameter ids{Element::uuid};
  for (const auto& id : destinations) ids.add(id.value);
  std::map<DestinationId, DestinationMemory> known;
  const auto of = [&](const Uuid& id) -> DestinationMemory& {
    auto& memory = known[DestinationId{id}];
    memory.destination = DestinationId{id};
    return memory;
  };
  auto session = database_.look().borrow();
  const auto memories = session->execute(read_memory, Parameters{}.array(ids));
  for (int i = 0; i < memories.size(); ++i) {
    auto& memory = of(memories.uuid(i, 0));
    memory.pause = std::chrono::milliseconds{std::max<std::int64_t>(0, memories.int8(i, 1))};
    if (!memories.is_null(i, 2))
      memory.probe_in = std::chrono::milliseconds{std::max<std::int64_t>(0, memories.int8(i, 2))};
    if (memory.pause.count() > 0) memory.paused_since = memories.optional_time(i, 3);
    memory.tripped_since = memories.optional_time(i, 4);
    memory.hold = hold_of(memories, i, 5);
  }
  const auto leases = session->execute(count_leases, Parameters{}.array(ids).text(daemon_id));
  for (int i = 0; i < leases.size(); ++i) {
    auto& memory = of(leases.uuid(i, 0));
    memory.leased_elsewhere = leases.int4(i, 1);
    memory.leased_elsewhere_for = std::chrono::milliseconds{leases.int8(i, 2)};
  }
  std::vector<DestinationMemory> recalled;
  for (const auto& [id, memory] : known) recalled.push_back(memory);
  return recalled;
}

}  // namespace opi::postgres
