#include "postgres/postgres_waiting_delivery_store.hpp"

#include <stdexcept>
#include <unordered_map>

#include "postgres/audit_chain.hpp"
#include "postgres/feed_append.hpp"
#include "postgres/filter_parameters.hpp"
#include "postgres/subject_order.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::MovedDelivery;
using Element = ArrayParameter::Element;

constexpr Statement count_live{"count_live_deliveries", R"(
  SELECT count(*) FILTER (WHERE o.state <> 'delivering' AND ($12::text[] IS NULL OR o.state = ANY ($12::text[]))),
         count(*) FILTER (WHERE o.state = 'delivering')
  FROM integration_outbox o
  WHERE o.tenant_id = $1::text AND o.delivery_id >= $2::uuid AND o.delivery_id < $3::uuid
    AND ($4::uuid[] IS NULL OR o.destination_id = ANY ($4::uuid[]))
    AND ($5::timestamptz IS NULL OR o.created_at >= $5::timestamptz)
    AND ($6::timestamptz IS NULL OR o.created_at < $6::timestamptz)
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = o.tenant_id
                                       AND e.event_id = o.event_id AND e.event_type = $7::text))
    AND coalesce($8::text, $9::text, $10::text, $11::text) IS NULL)"};

// In the order of all who lock several. What is claimed meanwhile is waited for, and no longer waits.
constexpr Statement lock_live_deliveries{"lock_live_deliveries", R"(
  SELECT o.delivery_id FROM integration_outbox o
  WHERE o.tenant_id = $1::text AND o.delivery_id = ANY ($2::uuid[]) AND o.state <> 'delivering'
  ORDER BY o.delivery_id FOR UPDATE)"};

constexpr Statement cancel_waiting{"cancel_waiting_deliveries", R"(
  WITH ended AS (
    DELETE FROM integration_outbox o
    WHERE o.tenant_id = $1::text AND o.delivery_id = ANY ($2::uuid[]) AND o.state <> 'delivering'
    RETURNING o.*
  ), kept AS (
    INSERT INTO integration_deliveries (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state,
                                        attempts, created_at, completed_at, lease_token, subject)
    SELECT tenant_id, delivery_id, destination_id, event_id, idempotency_key, 'failed', attempts + 1, created_at, now(),
           lease_token, subject
    FROM ended
    RETURNING tenant_id, delivery_id, destination_id, event_id, attempts
  )
  SELECT k.delivery_id, k.destination_id, k.event_id, coalesce(e.correlation_id, ''), k.attempts
  FROM kept k LEFT JOIN integration_events e ON e.tenant_id = k.tenant_id AND e.event_id = k.event_id
  ORDER BY k.delivery_id)"};

constexpr Statement record_cancellations{"record_cancellations", R"(
  INSERT INTO integration_delivery_attempts (tenant_id, delivery_id, number, started_at, duration_ms, result, reason,
                                             error_summary, response_summary, delivery_event_id)
  SELECT $1::text, n.delivery_id, n.number, $5::timestamptz, 0, 'terminal', $6::text, $7::text, '', n.delivery_event_id
  FROM unnest($2::uuid[], $3::int[], $4::uuid[]) AS n (delivery_id, number, delivery_event_id))"};

constexpr Statement hasten_delivery{"hasten_delivery", R"(
  WITH due AS (
    UPDATE integration_outbox o SET due_at = least(o.due_at, now())
    WHERE o.tenant_id = $1::text AND o.delivery_id = $2::uuid AND o.state <> 'delivering' AND o.due_at < 'infinity'
    RETURNING o.tenant_id, o.delivery_id, o.destination_id, o.event_id, o.attempts
  )
  SELECT d.delivery_id, d.destination_id, d.event_id, coalesce(e.correlation_id, ''), d.attempts
  FROM due d LEFT JOIN integration_events e ON e.tenant_id = d.tenant_id AND e.event_id = d.event_id)"};

MovedDelivery moved_of(const Rows& rows, int row) {
  return {DeliveryId{rows.uuid(row, 0)}, DestinationId{rows.uuid(row, 1)}, EventId::parse(rows.text(row, 2)).value(),
          rows.string(row, 3), rows.int4(row, 4)};
}

ArrayParameter locked(Connection& connection, const TenantId& tenant, std::span<const DeliveryId> deliveries) {
  ArrayParameter wanted{Element::uuid}, found{Element::uuid};
  for (const auto& id : deliveries) wanted.add(id.value);
  const auto rows = connection.execute(lock_live_deliveries, Parameters{}.text(tenant.str()).array(wanted));
  for (int i = 0; i < rows.size(); ++i) found.add(rows.uuid(i, 0));
  return found;
}

void record(Connection& connection, const TenantId& tenant, const std::vector<delivery::Settlement>& ends) {
  ArrayParameter ids{Element::uuid}, numbers{Element::int4}, events{Element::uuid};
  for (const auto& one : ends) {
    ids.add(one.claim()->delivery.value);
    numbers.add_int4(one.attempt().number);
    events.add(one.delivery_event_id());
  }
  const Attempt& same = ends.front().attempt();
  connection.execute(record_cancellations, Parameters{}
                                               .text(tenant.str())
                                               .array(ids)
                                               .array(numbers)
                                               .array(events)
                                               .time(same.started_at)
                                               .text(same.reason)
                                               .text(same.error_summary));
}

}  // namespace

delivery::LiveCount PostgresWaitingDeliveryStore::count(const TenantId& tenant,
                                                        const delivery::DeliveryFilter& filter) {
  if (filter.by_event()) throw std::invalid_argument("a filter of single events is counted one by one");
  auto all = filter;
  all.before.reset();
  auto parameters = filter_parameters(tenant, all);
  ArrayParameter states{Element::text};
  for (const auto state : filter.states) states.add(to_string(state));
  if (filter.states.empty())
    parameters.null();
  else
    parameters.array(states);
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(count_live, parameters);
  return {rows.int8(0, 0), rows.int8(0, 1)};
}

std::vector<MovedDelivery> PostgresWaitingDeliveryStore::cancel(const TenantId& tenant,
                                                                std::span<const delivery::Cancellation> cancellations,
                                                                const std::string& reason, const audit::Entry& by) {
  if (cancellations.empty()) return {};
  if (cancellations.size() > batch) throw std::invalid_argument("too many deliveries for one call");
  std::vector<DeliveryId> ids;
  std::unordered_map<DeliveryId, Uuid> delivery_events;
  for (const auto& one : cancellations) {
    ids.push_back(one.delivery);
    delivery_events[one.delivery] = one.delivery_event_id;
  }
  auto session = database_.tenant(tenant);
  Transaction transaction{*session};
  const auto subjects = lock_subjects_of(*session, tenant, ids);
  auto waiting = locked(*session, tenant, ids);
  const auto rows = session->execute(cancel_waiting, Parameters{}.text(tenant.str()).array(waiting));
  if (rows.empty()) return {};
  std::vector<MovedDelivery> cancelled;
  std::vector<delivery::Settlement> ends;
  for (int i = 0; i < rows.size(); ++i) {
    cancelled.push_back(moved_of(rows, i));
    ends.push_back(delivery::cancellation(cancelled.back(), delivery_events.at(cancelled.back().id), reason, by));
  }
  record(*session, tenant, ends);
  wake_next(*session, subjects);
  std::vector<const delivery::Settlement*> told;
  std::vector<const audit::Entry*> entries;
  for (const auto& one : ends) {
    told.push_back(&one);
    entries.push_back(&*one.audit_entry());
  }
  append_to_feeds(*session, told);
  append_to_chains(*session, entries);
  transaction.commit();
  return cancelled;
}

bool PostgresWaitingDeliveryStore::retry_now(const TenantId& tenant, const DeliveryId& delivery,
                                             const audit::Entry& by) {
  auto session = database_.tenant(tenant);
  Transaction transaction{*session};
  const auto rows = session->execute(hasten_delivery, Parameters{}.text(tenant.str()).uuid(delivery.value));
  if (rows.empty()) return false;
  const auto entry = delivery::moved_entry(by, moved_of(rows, 0), {});
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::postgres
