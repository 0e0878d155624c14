#include "sqlite/sqlite_dead_letter_store.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <stdexcept>

#include "sqlite/audit_chain.hpp"
#include "sqlite/hex_list.hpp"
#include "sqlite/query.hpp"
#include "sqlite/subject_order.hpp"
#include "sqlite/text_list.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::DeliveryFilter;
using delivery::MovedDelivery;

// Parameters of the three: ?1 tenant, ?2 ids after, ?3 ids before, ?4 created from, ?5 created before, ?6 event type,
// ?7 destinations, then each one's own.
constexpr Statement count_dead_letters{"count_dead_letters", R"(
  SELECT count(*) FROM integration_deliveries c INDEXED BY integration_deliveries_unsuccessful
  WHERE c.tenant_id = ?1 AND c.state = 'dead_lettered' AND c.state <> 'delivered'
    AND c.delivery_id > ?2 AND c.delivery_id < ?3
    AND (?4 IS NULL OR c.created_at_ms >= ?4) AND (?5 IS NULL OR c.created_at_ms < ?5)
    AND (?6 IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = c.tenant_id
                                 AND e.event_id = c.event_id AND e.event_type = ?6))
    AND (?7 IS NULL OR hex(c.destination_id) IN (SELECT value FROM json_each(?7)))
    AND (NOT ?8 OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                             AND d.destination_id = c.destination_id)))"};

constexpr Statement find_dead_letters{"find_dead_letters", R"(
  SELECT c.delivery_id FROM integration_deliveries c INDEXED BY integration_deliveries_unsuccessful
  WHERE c.tenant_id = ?1 AND c.state = 'dead_lettered' AND c.state <> 'delivered'
    AND c.delivery_id > ?2 AND c.delivery_id < ?3
    AND (?4 IS NULL OR c.created_at_ms >= ?4) AND (?5 IS NULL OR c.created_at_ms < ?5)
    AND (?6 IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = c.tenant_id
                                 AND e.event_id = c.event_id AND e.event_type = ?6))
    AND (?7 IS NULL OR hex(c.destination_id) IN (SELECT value FROM json_each(?7)))
    AND (NOT ?9 OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                             AND d.destination_id = c.destination_id))
  ORDER BY c.delivery_id LIMIT ?8)"};

// Of all that ended, by the table's own order.
constexpr Statement count_ended{"count_ended_deliveries", R"(
  SELECT count(*) FROM integration_deliveries c
  WHERE c.tenant_id = ?1 AND c.state IN (SELECT value FROM json_each(?9))
    AND c.delivery_id > ?2 AND c.delivery_id < ?3
    AND (?4 IS NULL OR c.created_at_ms >= ?4) AND (?5 IS NULL OR c.created_at_ms < ?5)
    AND (?6 IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = c.tenant_id
                                 AND e.event_id = c.event_id AND e.event_type = ?6))
    AND (?7 IS NULL OR hex(c.destination_id) IN (SELECT value FROM json_each(?7)))
    AND (NOT ?8 OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                             AND d.destination_id = c.destination_id)))"};

constexpr Statement find_ended{"find_ended_deliveries", R"(
  SELECT c.delivery_id FROM integration_deliveries c
  WHERE c.tenant_id = ?1 AND c.state IN (SELECT value FROM json_each(?10))
    AND c.delivery_id > ?2 AND c.delivery_id < ?3
    AND (?4 IS NULL OR c.created_at_ms >= ?4) AND (?5 IS NULL OR c.created_at_ms < ?5)
    AND (?6 IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = c.tenant_id
                                 AND e.event_id = c.event_id AND e.event_type = ?6))
    AND (?7 IS NULL OR hex(c.destination_id) IN (SELECT value FROM json_each(?7)))
    AND (NOT ?9 OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                             AND d.destination_id = c.destination_id))
  ORDER BY c.delivery_id LIMIT ?8)"};

constexpr Statement find_ended_of_events{"find_ended_of_events", R"(
  WITH RECURSIVE found (event_id) AS (
    SELECT event_id FROM integration_events WHERE tenant_id = ?1 AND event_id = ?9
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE ?9 IS NULL AND tenant_id = ?1 AND correlation_id = ?10 AND correlation_id <> ''
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE coalesce(?9, ?10) IS NULL AND tenant_id = ?1 AND alert_id = ?11 AND alert_id <> ''
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE coalesce(?9, ?10, ?11) IS NULL AND tenant_id = ?1 AND evidence_id = ?12 AND evidence_id <> ''
    UNION ALL
    SELECT event_id FROM integration_events
    WHERE coalesce(?9, ?10, ?11, ?12) IS NULL AND tenant_id = ?1 AND ticket_id = ?13 AND ticket_id <> ''
  ), taken (delivery_ids, at) AS (
    SELECT e.delivery_ids, 1 FROM found CROSS JOIN integration_events e ON e.tenant_id = ?1 AND e.event_id = found.event_id
    WHERE (?6 IS NULL OR e.event_type = ?6) AND (?10 IS NULL OR e.correlation_id = ?10)
      AND (?11 IS NULL OR e.alert_id = ?11) AND (?12 IS NULL OR e.evidence_id = ?12)
      AND (?13 IS NULL OR e.ticket_id = ?13)
    UNION ALL
    SELECT delivery_ids, at + 16 FROM taken WHERE at + 16 < length(delivery_ids)
  ), ids AS MATERIALIZED (
    SELECT substr(delivery_ids, at, 16) AS delivery_id FROM taken WHERE length(delivery_ids) > 0
  )
  SELECT c.delivery_id
  FROM ids CROSS JOIN integration_deliveries c ON c.tenant_id = ?1 AND c.delivery_id = ids.delivery_id
  WHERE c.state IN (SELECT value FROM json_each(?15)) AND c.delivery_id > ?2 AND c.delivery_id < ?3
    AND (?4 IS NULL OR c.created_at_ms >= ?4) AND (?5 IS NULL OR c.created_at_ms < ?5)
    AND (?7 IS NULL OR hex(c.destination_id) IN (SELECT value FROM json_each(?7)))
    AND (NOT ?14 OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                             AND d.destination_id = c.destination_id))
  ORDER BY c.delivery_id LIMIT ?8)"};

constexpr Statement read_ended{"read_ended_delivery", R"(
  SELECT c.delivery_id, c.destination_id, c.event_id, coalesce(e.correlation_id, ''), c.attempts
  FROM integration_deliveries c
  LEFT JOIN integration_events e ON e.tenant_id = c.tenant_id AND e.event_id = c.event_id
  WHERE c.tenant_id = ?1 AND c.delivery_id = ?2 AND c.state IN (SELECT value FROM json_each(?4))
    AND (NOT ?3 OR EXISTS (SELECT 1 FROM integration_destinations d
                           WHERE d.tenant_id = c.tenant_id AND d.destination_id = c.destination_id)))"};

constexpr Statement revive_delivery{"revive_delivery", R"(
  INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state, attempts,
                                  attempts_before, due_at_us, created_at_ms, lease_token, subject)
  SELECT tenant_id, delivery_id, destination_id, event_id, idempotency_key, 'retry_scheduled', attempts, attempts, ?,
         created_at_ms, lease_token, subject
  FROM integration_deliveries WHERE tenant_id = ? AND delivery_id = ?)"};

constexpr Statement remove_dead_letter{"remove_dead_letter",
                                       "DELETE FROM integration_deliveries WHERE tenant_id = ? AND delivery_id = ?"};

constexpr Statement fail_dead_letter{"fail_dead_letter", R"(
  UPDATE integration_deliveries SET state = 'failed', completed_at_ms = ? WHERE tenant_id = ? AND delivery_id = ?)"};

constexpr Statement read_subject{"read_subject", R"(
  SELECT subject FROM integration_deliveries WHERE tenant_id = ? AND delivery_id = ? AND subject <> '')"};

void begin(Query& query, const TenantId& tenant, DeliveryFilter filter, const DeliveryId& after) {
  filter.before.reset();
  const auto [from, before] = delivery::id_range(filter);
  query.text(tenant.str())
      .uuid(std::max(from, after.value))
      .uuid(before)
      .optional_time(filter.created_from)
      .optional_time(filter.created_to)
      .optional_text(filter.event_type)
      .optional_text(hex_list(filter.destinations));
}

std::string names_of(std::span<const DeliveryState> states) {
  std::vector<std::string_view> names;
  for (const auto state : states) names.push_back(to_string(state));
  return text_list(names);
}

constexpr std::array dead{DeliveryState::dead_lettered};

bool of_dead_letters(const DeliveryFilter& filter) {
  return filter.states.empty() || std::ranges::equal(filter.states, dead);
}

std::string ended_states(const DeliveryFilter& filter) {
  return names_of(of_dead_letters(filter) ? std::span<const DeliveryState>{dead} : filter.states);
}

std::vector<MovedDelivery> ended(Connection& connection, const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                 std::span<const DeliveryState> states, bool with_destination) {
  if (deliveries.size() > delivery::DeadLetterStore::batch)
    throw std::invalid_argument("too many dead letters for one call");
  std::vector<MovedDelivery> found;
  for (const auto& id : deliveries) {
    Query row{connection, read_ended};
    if (!row.text(tenant.str()).uuid(id.value).integer(with_destination ? 1 : 0).text(names_of(states)).step())
      continue;
    found.push_back(
        {id, DestinationId{row.uuid_at(1)}, EventId::parse(row.view(2)).value(), row.string(3), row.int4(4)});
  }
  return found;
}

void audit_moves(Connection& connection, const std::vector<MovedDelivery>& moved, const audit::Entry& by,
                 const std::string& reason) {
  std::vector<audit::Entry> entries;
  for (const auto& one : moved) entries.push_back(delivery::moved_entry(by, one, reason));
  std::vector<const audit::Entry*> pointers;
  for (const auto& entry : entries) pointers.push_back(&entry);
  append_to_chains(connection, pointers);
}

}  // namespace

std::int64_t SqliteDeadLetterStore::count(const TenantId& tenant, const DeliveryFilter& filter) {
  if (filter.by_event()) return static_cast<std::int64_t>(find(tenant, filter, {}, INT_MAX).size());
  const auto session = database_.reader();
  Query row{*session, of_dead_letters(filter) ? count_dead_letters : count_ended};
  begin(row, tenant, filter, {});
  row.integer(filter.destination_exists ? 1 : 0);
  if (!of_dead_letters(filter)) row.text(ended_states(filter));
  return row.step() ? row.int8(0) : 0;
}

std::vector<DeliveryId> SqliteDeadLetterStore::find(const TenantId& tenant, const DeliveryFilter& filter,
                                                    const DeliveryId& after, int limit) {
  const auto session = database_.reader();
  const auto& by_state = of_dead_letters(filter) ? find_dead_letters : find_ended;
  Query rows{*session, filter.by_event() ? find_ended_of_events : by_state};
  begin(rows, tenant, filter, after);
  rows.integer(limit);
  if (filter.by_event()) {
    rows.optional_text(filter.event_id ? std::optional<std::string_view>{filter.event_id->str()} : std::nullopt);
    for (const auto* reference : {&filter.correlation_id, &filter.alert_id, &filter.evidence_id, &filter.ticket_id})
      rows.optional_text(*reference);
  }
  rows.integer(filter.destination_exists ? 1 : 0);
  if (filter.by_event() || !of_dead_letters(filter)) rows.text(ended_states(filter));
  std::vector<DeliveryId> ids;
  while (rows.step()) ids.push_back(DeliveryId{rows.uuid_at(0)});
  return ids;
}

std::vector<MovedDelivery> SqliteDeadLetterStore::replay(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                                         const audit::Entry& by) {
  return revive(tenant, deliveries, dead, by);
}

std::vector<MovedDelivery> SqliteDeadLetterStore::resend(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                                         const audit::Entry& by) {
  return revive(tenant, deliveries, std::array{DeliveryState::delivered, DeliveryState::failed}, by);
}

std::vector<MovedDelivery> SqliteDeadLetterStore::revive(const TenantId& tenant, std::span<const DeliveryId> deliveries,
                                                         std::span<const DeliveryState> from, const audit::Entry& by) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  auto moved = ended(*session, tenant, deliveries, from, true);
  if (moved.empty()) return moved;
  const auto due = std::chrono::microseconds{clock_.unix_now().time_since_epoch()}.count();
  for (const auto& one : moved) {
    Query{*session, revive_delivery}.integer(due).text(tenant.str()).uuid(one.id.value).run();
    Query{*session, remove_dead_letter}.text(tenant.str()).uuid(one.id.value).run();
    wait_for_turn(*session, tenant, one.id);
  }
  audit_moves(*session, moved, by, {});
  transaction.commit();
  return moved;
}

std::vector<MovedDelivery> SqliteDeadLetterStore::discard(const TenantId& tenant,
                                                          std::span<const DeliveryId> deliveries,
                                                          const std::string& reason, const audit::Entry& by) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  auto moved = ended(*session, tenant, deliveries, dead, false);
  if (moved.empty()) return moved;
  const auto now = clock_.unix_now();
  std::vector<OrderedSubject> free;
  for (const auto& one : moved) {
    Query{*session, fail_dead_letter}.time(now).text(tenant.str()).uuid(one.id.value).run();
    Query subject{*session, read_subject};
    if (subject.text(tenant.str()).uuid(one.id.value).step()) free.push_back({one.destination, subject.string(0)});
  }
  wake_next(*session, free, now);
  audit_moves(*session, moved, by, reason);
  transaction.commit();
  return moved;
}

}  // namespace opi::sqlite
