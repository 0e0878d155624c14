#include "sqlite/sqlite_fleet_store.hpp"

#include <algorithm>

#include "delivery/hold_entries.hpp"
#include "delivery/one_look.hpp"
#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::DestinationMemory;

// Of a destination that was deleted meanwhile there is nothing to keep.
constexpr Statement keep_memory{"keep_destination_memory", R"(
  INSERT INTO integration_destination_memory (tenant_id, destination_id, paused_until_ms, probe_at_ms, paused_since_ms,
    tripped_since_ms, held_cause, held_since_ms, held_detail)
  SELECT tenant_id, destination_id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM integration_destinations WHERE destination_id = ?1
  ON CONFLICT (destination_id) DO UPDATE
  SET paused_until_ms = max(paused_until_ms, excluded.paused_until_ms), probe_at_ms = excluded.probe_at_ms,
      paused_since_ms = coalesce(excluded.paused_since_ms, paused_since_ms),
      tripped_since_ms = excluded.tripped_since_ms, held_cause = excluded.held_cause,
      held_since_ms = excluded.held_since_ms, held_detail = excluded.held_detail)"};

constexpr Statement keep_pause{"keep_late_pause", R"(
  INSERT INTO integration_destination_memory (tenant_id, destination_id, paused_until_ms)
  SELECT tenant_id, destination_id, ?2 FROM integration_destinations WHERE destination_id = ?1
  ON CONFLICT (destination_id) DO UPDATE SET paused_until_ms = max(paused_until_ms, excluded.paused_until_ms))"};

constexpr Statement read_hold{"read_destination_hold", R"(
  SELECT d.tenant_id, m.held_cause, m.held_since_ms, m.held_detail
  FROM integration_destinations d LEFT JOIN integration_destination_memory m ON m.destination_id = d.destination_id
  WHERE d.destination_id = ?1)"};

constexpr Statement forget{"forget_destination", R"(
  DELETE FROM integration_destination_memory
  WHERE destination_id = ?1 AND paused_until_ms <= ?2 AND probe_at_ms IS NULL AND held_cause IS NULL)"};

constexpr Statement read_memory{"read_destination_memory", R"(
  SELECT paused_until_ms, probe_at_ms, paused_since_ms, tripped_since_ms, held_cause, held_since_ms, held_detail
  FROM integration_destination_memory
  WHERE destination_id = ?1 AND (paused_until_ms > ?2 OR probe_at_ms IS NOT NULL OR held_cause IS NOT NULL))"};

// Those that were under way when the daemon was killed whose place this one takes.
constexpr Statement read_leases{"read_others_leases", R"(
  SELECT destination_id, locked_until_ms FROM integration_outbox INDEXED BY integration_outbox_leases
  WHERE state = 'delivering' AND locked_until_ms > ? AND locked_by <> ?)"};

// What a receiver asks for is bounded far below.
constexpr std::chrono::milliseconds longest_pause{std::chrono::years{1}};

// Cause, since and detail, from this column on. A cause that a newer version knows is none to this one.
std::optional<Hold> hold_of(const Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  const auto cause = parse_hold_cause(row.view(column));
  if (!cause) return std::nullopt;
  return Hold{*cause, row.string(column + 2), row.optional_time_at(column + 1)};
}

// What the trail says of the change that `memory` is; to be asked before that is stored.
std::optional<audit::Entry> entry_for(Connection& connection, const DestinationMemory& memory,
                                      const std::string& daemon_id, UnixTime now) {
  Query stored{connection, read_hold};
  if (!stored.uuid(memory.destination.value).step()) return std::nullopt;  // it was deleted meanwhile
  return delivery::entry_of(
      {TenantId::parse(stored.view(0)).value(), memory.destination, hold_of(stored, 1), memory.hold, daemon_id, now});
}

}  // namespace

delivery::FleetSnapshot SqliteFleetStore::beat(const Terms& terms) {
  const auto now = unix_micros(clock_.unix_now());
  const auto alive_until = now + std::chrono::microseconds{terms.lifetime}.count();
  const Lock lock{mutex_};
  if (!member_ || member_->who.daemon_id != terms.daemon_id || member_->alive_until <= now)
    member_ = {{terms.daemon_id, now}, alive_until};
  member_->alive_until = alive_until;
  return {{member_->who}, now};
}

void SqliteFleetStore::leave(const std::string& daemon_id) {
  const Lock lock{mutex_};
  if (member_ && member_->who.daemon_id == daemon_id) member_.reset();
}

void SqliteFleetStore::remember(std::span<const DestinationMemory> destinations, const std::string& daemon_id) {
  if (destinations.empty()) return;
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto now = clock_.unix_now();
  const auto after = [now](std::chrono::milliseconds wait) {
    return now + std::clamp(wait, std::chrono::milliseconds{0}, longest_pause);
  };
  std::vector<audit::Entry> entries;
  for (const auto& one : destinations) {
    if (one.late) {
      Query{*session, keep_pause}.uuid(one.destination.value).time(after(one.pause)).run();
    } else {
      if (auto entry = entry_for(*session, one, daemon_id, now)) entries.push_back(std::move(*entry));
      Query{*session, keep_memory}
          .uuid(one.destination.value)
          .time(after(one.pause))
          .optional_time(one.probe_in ? std::optional{after(*one.probe_in)} : std::nullopt)
          .optional_time(one.paused_since)
          .optional_time(one.tripped_since)
          .optional_text(one.hold ? std::optional{to_string(one.hold->cause)} : std::nullopt)
          .optional_time(one.hold ? one.hold->since : std::nullopt)
          .text(one.hold ? std::string_view{one.hold->detail} : std::string_view{})
          .run();
    }
    Query{*session, forget}.uuid(one.destination.value).time(now).run();
  }
  std::vector<const audit::Entry*> chained;
  for (const auto& entry : entries) chained.push_back(&entry);
  if (!chained.empty()) append_to_chains(*session, chained);
  transaction.commit();
}

std::vector<DestinationMemory> SqliteFleetStore::recall(std::span<const DestinationId> destinations,
                                                        const std::string& daemon_id) {
  delivery::require_one_look(destinations.size());
  if (destinations.empty()) return {};
  std::vector<DestinationMemory> known;
  for (const auto& id : destinations) known.push_back({.destination = id});
  std::ranges::sort(known, {}, &DestinationMemory::destination);
  const auto same = [](const auto& a, const auto& b) { return a.destination == b.destination; };
  known.erase(std::unique(known.begin(), known.end(), same), known.end());  // clang 14 has no std::ranges::unique

  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  const auto now = clock_.unix_now();
  for (auto& one : known) {
    Query row{*session, read_memory};
    if (!row.uuid(one.destination.value).time(now).step()) continue;
    one.pause = std::max(std::chrono::milliseconds{0}, row.time_at(0) - now);
    if (!row.is_null(1)) one.probe_in = std::max(std::chrono::milliseconds{0}, row.time_at(1) - now);
    if (one.pause.count() > 0) one.paused_since = row.optional_time_at(2);
    one.tripped_since = row.optional_time_at(3);
    one.hold = hold_of(row, 4);
  }
  Query leases{*session, read_leases};
  leases.time(now).text(daemon_id);
  while (leases.step()) {
    const DestinationId id{leases.uuid_at(0)};
    const auto found = std::ranges::lower_bound(known, id, {}, &DestinationMemory::destination);
    if (found == known.end() || found->destination != id) continue;
    ++found->leased_elsewhere;
    found->leased_elsewhere_for = std::max(found->leased_elsewhere_for, leases.time_at(1) - now);
  }
  std::erase_if(known, [](const DestinationMemory& one) { return one == DestinationMemory{one.destination}; });
  return known;
}

}  // namespace opi::sqlite
