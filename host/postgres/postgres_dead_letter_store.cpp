#include "postgres/postgres_dead_letter_store.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <stdexcept>

#include "postgres/audit_chain.hpp"
#include "postgres/filter_parameters.hpp"
#include "postgres/subject_order.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::MovedDelivery;

constexpr Statement count_dead_letters{"count_dead_letters", R"(
  SELECT count(*) FROM integration_deliveries c
  WHERE c.tenant_id = $1::text AND c.state = ANY ($13::text[])
    AND c.delivery_id >= $2::uuid AND c.delivery_id < $3::uuid
    AND ($4::uuid[] IS NULL OR c.destination_id = ANY ($4::uuid[]))
    AND ($5::timestamptz IS NULL OR c.created_at >= $5::timestamptz)
    AND ($6::timestamptz IS NULL OR c.created_at < $6::timestamptz)
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = c.tenant_id
                                       AND e.event_id = c.event_id AND e.event_type = $7::text))
    AND coalesce($8::text, $9::text, $10::text, $11::text) IS NULL
    AND (NOT $12::boolean OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                                       AND d.destination_id = c.destination_id)))"};

// From the dead letters to their events, or from the events to their dead letters: whichever the filter makes few.
constexpr Statement find_dead_letters{"find_dead_letters", R"(
  SELECT c.delivery_id FROM integration_deliveries c
  JOIN integration_events e ON e.tenant_id = c.tenant_id AND e.event_id = c.event_id
    AND c.delivery_id = ANY (e.delivery_ids)
  WHERE c.tenant_id = $1::text AND c.state = ANY ($16::text[])
    AND c.delivery_id >= $2::uuid AND c.delivery_id < $3::uuid
    AND ($4::uuid[] IS NULL OR c.destination_id = ANY ($4::uuid[]))
    AND ($5::timestamptz IS NULL OR c.created_at >= $5::timestamptz)
    AND ($6::timestamptz IS NULL OR c.created_at < $6::timestamptz)
    AND e.tenant_id = $1::text AND ($7::text IS NULL OR e.event_type = $7::text)
    AND ($8::text IS NULL OR e.correlation_id = $8::text AND e.correlation_id <> '')
    AND ($9::text IS NULL OR e.alert_id = $9::text AND e.alert_id <> '')
    AND ($10::text IS NULL OR e.evidence_id = $10::text AND e.evidence_id <> '')
    AND ($11::text IS NULL OR e.ticket_id = $11::text AND e.ticket_id <> '')
    AND ($12::text IS NULL OR e.event_id = $12::text) AND c.delivery_id > $13::uuid
    AND (NOT $15::boolean OR EXISTS (SELECT 1 FROM integration_destinations d WHERE d.tenant_id = c.tenant_id
                                       AND d.destination_id = c.destination_id))
  ORDER BY c.delivery_id LIMIT $14::int)"};

// A destination cannot be deleted while one of its deliveries comes to life again.
constexpr Statement hold_destinations{"hold_destinations", R"(
  SELECT d.destination_id FROM integration_destinations d
  WHERE d.tenant_id = $1::text AND d.destination_id IN (
    SELECT c.destination_id FROM integration_deliveries c
    WHERE c.tenant_id = $1::text AND c.delivery_id = ANY ($2::uuid[]))
  ORDER BY d.destination_id FOR KEY SHARE)"};

constexpr Statement revive_deliveries{"revive_deliveries", R"(
  WITH parked AS (
    DELETE FROM integration_deliveries c
    WHERE c.tenant_id = $1::text AND c.delivery_id = ANY ($2::uuid[]) AND c.state = ANY ($4::text[])
      AND c.destination_id = ANY ($3::uuid[])
    RETURNING c.*
  ), live AS (
    INSERT INTO integration_outbox (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state, attempts,
                                    attempts_before, due_at, created_at, lease_token, subject)
    SELECT tenant_id, delivery_id, destination_id, event_id, idempotency_key, 'retry_scheduled', attempts, attempts,
           now(), created_at, lease_token, subject
    FROM parked
    RETURNING tenant_id, delivery_id, destination_id, event_id, attempts
  )
  SELECT l.delivery_id, l.destination_id, l.event_id, coalesce(e.correlation_id, ''), l.attempts
  FROM live l LEFT JOIN integration_events e ON e.tenant_id = l.tenant_id AND e.event_id = l.event_id
  ORDER BY l.delivery_id)"};

constexpr Statement discard_dead_letters{"discard_dead_letters", R"(
  WITH ended AS (
    UPDATE integration_deliveries c SET state = 'failed', completed_at = now()
    WHERE c.tenant_id = $1::text AND c.delivery_id = ANY ($2::uuid[]) AND c.state = 'dead_lettered'
    RETURNING c.tenant_id, c.delivery_id, c.destination_id, c.event_id, c.attempts
  )
  SELECT d.delivery_id, d.destination_id, d.event_id, coalesce(e.correlation_id, ''), d.attempts
  FROM ended d LEFT JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id
  ORDER BY d.delivery_id)"};

ArrayParameter names_of(std::span<const DeliveryState> states) {
  ArrayParameter names{ArrayParameter::Element::text};
  for (const auto state : states) names.add(to_string(state));
  return names;
}

// Those of the filter that ended.
ArrayParameter ended_states(const delivery::DeliveryFilter& filter) {
  static constexpr std::array dead{DeliveryState::dead_lettered};
  return names_of(filter.states.empty() ? std::span<const DeliveryState>{dead} : filter.states);
}

ArrayParameter ids_of(std::span<const DeliveryId> deliveries) {
  if (deliveries.size() > delivery::DeadLetterStore::batch)
    throw std::invalid_argument("too many dead letters for one call");
  ArrayParameter ids{ArrayParameter::Element::uuid};
  for (const auto& id : deliveries) ids.add(id.value);
  return ids;
}

std::vector<MovedDelivery> moved_of(const Rows& rows) {
  std::vector<MovedDelivery> moved;
  for (int i = 0; i < rows.size(); ++i)
    moved.push_back({DeliveryId{rows.uuid(i, 0)}, DestinationId{rows.uuid(i, 1)},
                     EventId::parse(rows.text(i, 2)).value(), rows.string(i, 3), rows.int4(i, 4)});
  return moved;
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

std::int64_t PostgresDeadLetterStore::count(const TenantId& tenant, const delivery::DeliveryFilter& filter) {
  if (filter.by_event()) return static_cast<std::int64_t>(find(tenant, filter, {}, INT_MAX).size());
  auto all = filter;
  all.before.reset();
  auto parameters = filter_parameters(tenant, all);
  auto session = database_.tenant(tenant);
  auto states = ended_states(filter);
  return session->execute(count_dead_letters, parameters.boolean(filter.destination_exists).array(states)).int8(0, 0);
}

std::vector<DeliveryId> PostgresDeadLetterStore::find(const TenantId& tenant, const delivery::DeliveryFilter& filter,
                                                      const DeliveryId& after, int limit) {
  auto all = filter;
  all.before.reset();
  auto parameters = filter_parameters(tenant, all);
  parameters.optional_text(filter.event_id ? std::optional<std::string_view>{filter.event_id->str()} : std::nullopt)
      .uuid(after.value)
      .int4(limit)
      .boolean(filter.destination_exists);
  auto states = ended_states(filter);
  parameters.array(states);
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(find_dead_letters, parameters);
  std::vector<DeliveryId> ids;
  for (int i = 0; i < rows.size(); ++i) ids.push_back(DeliveryId{rows.uuid(i, 0)});
  return ids;
}

std::vector<MovedDelivery> PostgresDeadLetterStore::replay(const TenantId& tenant,
                                                           std::span<const DeliveryId> deliveries,
                                                           const audit::Entry& by) {
  return revive(tenant, deliveries, std::array{DeliveryState::dead_lettered}, by);
}

std::vector<MovedDelivery> PostgresDeadLetterStore::resend(const TenantId& tenant,
                                                           std::span<const DeliveryId> deliveries,
                                                           const audit::Entry& by) {
  return revive(tenant, deliveries, std::array{DeliveryState::delivered, DeliveryState::failed}, by);
}

std::vector<MovedDelivery> PostgresDeadLetterStore::revive(const TenantId& tenant,
                                                           std::span<const DeliveryId> deliveries,
                                                           std::span<const DeliveryState> from,
                                                           const audit::Entry& by) {
  if (deliveries.empty()) return {};
  auto ids = ids_of(deliveries);
  auto session = database_.tenant(tenant);
  Transaction transaction{*session};
  lock_subjects_of(*session, tenant, deliveries);
  const auto held = session->execute(hold_destinations, Parameters{}.text(tenant.str()).array(ids));
  ArrayParameter destinations{ArrayParameter::Element::uuid};
  for (int i = 0; i < held.size(); ++i) destinations.add(held.uuid(i, 0));
  auto states = names_of(from);
  auto moved = moved_of(session->execute(revive_deliveries,
                                         Parameters{}.text(tenant.str()).array(ids).array(destinations).array(states)));
  if (moved.empty()) return moved;
  std::vector<DeliveryId> live;
  for (const auto& one : moved) live.push_back(one.id);
  wait_for_turn(*session, tenant, live);
  audit_moves(*session, moved, by, {});
  transaction.commit();
  return moved;
}

std::vector<MovedDelivery> PostgresDeadLetterStore::discard(const TenantId& tenant,
                                                            std::span<const DeliveryId> deliveries,
                                                            const std::string& reason, const audit::Entry& by) {
  if (deliveries.empty()) return {};
  auto ids = ids_of(deliveries);
  auto session = database_.tenant(tenant);
  Transaction transaction{*session};
  const auto subjects = lock_subjects_of(*session, tenant, deliveries);
  auto moved = moved_of(session->execute(discard_dead_letters, Parameters{}.text(tenant.str()).array(ids)));
  if (moved.empty()) return moved;
  wake_next(*session, subjects);
  audit_moves(*session, moved, by, reason);
  transaction.commit();
  return moved;
}

}  // namespace opi::postgres
