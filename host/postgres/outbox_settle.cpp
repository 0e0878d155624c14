#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "delivery/delivery_event.hpp"
#include "postgres/audit_chain.hpp"
#include "postgres/feed_append.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/rollup.hpp"
#include "postgres/subject_order.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::Settlement;
using delivery::SettleResult;
using Element = ArrayParameter::Element;
using Batch = std::vector<const Settlement*>;  // in lock order

// The fence: the lease that was claimed with, except that a success counts while the delivery is live, under
// whatever lease, and even if a crash of the server forgot its claim.
// The row leaves the hot table and is appended to the cold one in one step.
constexpr Statement end_deliveries{"end_deliveries", R"(
  WITH ended AS (
    DELETE FROM integration_outbox o
    USING unnest($1::text[], $2::uuid[], $3::bigint[], $4::int[], $5::text[])
      AS s (tenant_id, delivery_id, lease_token, attempt, state)
    WHERE o.tenant_id = s.tenant_id AND o.delivery_id = s.delivery_id
      AND ((o.state = 'delivering' AND o.lease_token = s.lease_token)
           OR s.state = 'delivered')
    RETURNING o.tenant_id, o.delivery_id, o.destination_id, o.event_id, o.idempotency_key, s.state,
              greatest(o.attempts, s.attempt), o.created_at, now(), o.lease_token, o.subject
  )
  INSERT INTO integration_deliveries (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state,
                                      attempts, created_at, completed_at, lease_token, subject)
  SELECT * FROM ended RETURNING delivery_id)"};

constexpr Statement schedule_retries{"schedule_retries", R"(
  UPDATE integration_outbox o
  SET state = 'retry_scheduled', attempts = greatest(o.attempts, s.attempt),
      due_at = now() + s.retry_in_ms * interval '1 millisecond', locked_by = NULL, locked_until = NULL
  FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::int[], $5::bigint[])
    AS s (tenant_id, delivery_id, lease_token, attempt, retry_in_ms)
  WHERE o.tenant_id = s.tenant_id AND o.delivery_id = s.delivery_id
    AND o.state = 'delivering' AND o.lease_token = s.lease_token
  RETURNING o.delivery_id)"};

// The policy's budget is each step's.
constexpr Statement advance_steps{"advance_steps", R"(
  UPDATE integration_outbox o
  SET state = 'retry_scheduled', attempts = greatest(o.attempts, s.attempt),
      attempts_before = greatest(o.attempts, s.attempt), step = s.step, carry = s.carry, due_at = now(),
      locked_by = NULL, locked_until = NULL
  FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::int[], $5::int[], $6::bytea[])
    AS s (tenant_id, delivery_id, lease_token, attempt, step, carry)
  WHERE o.tenant_id = s.tenant_id AND o.delivery_id = s.delivery_id
    AND o.state = 'delivering' AND o.lease_token = s.lease_token
  RETURNING o.delivery_id)"};

// A settlement that is submitted again, because its commit was in doubt, finds its own attempt.
constexpr Statement find_own_attempts{"find_own_attempts", R"(
  SELECT a.delivery_id
  FROM unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[]) AS s (tenant_id, delivery_id, number, delivery_event_id)
  JOIN integration_delivery_attempts a ON a.tenant_id = s.tenant_id AND a.delivery_id = s.delivery_id
    AND a.number = s.number AND a.delivery_event_id = s.delivery_event_id)"};

// A final record replaces a provisional one of the same number: a late success after the attempt was
// rescued as interrupted. DO NOTHING here would lose it.
constexpr Statement record_attempts{"record_attempts", R"(
  INSERT INTO integration_delivery_attempts AS a (tenant_id, delivery_id, number, started_at, duration_ms, result,
                                                  http_status, reason, error_summary, response_summary,
                                                  delivery_event_id)
  SELECT * FROM unnest($1::text[], $2::uuid[], $3::int[], $4::timestamptz[], $5::bigint[], $6::text[], $7::int[],
                       $8::text[], $9::text[], $10::text[], $11::uuid[])
  ON CONFLICT (tenant_id, delivery_id, number) DO UPDATE
  SET started_at = excluded.started_at, duration_ms = excluded.duration_ms, result = excluded.result,
      http_status = excluded.http_status, reason = excluded.reason, error_summary = excluded.error_summary,
      response_summary = excluded.response_summary, delivery_event_id = excluded.delivery_event_id
  WHERE a.result IN ('retryable', 'interrupted') AND excluded.result IN ('succeeded', 'terminal'))"};

constexpr Statement keep_external_references{"keep_external_references", R"(
  INSERT INTO integration_external_references (tenant_id, destination_id, subject, external_ref, external_url,
                                               delivery_id, updated_at)
  SELECT n.*, now() FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[]) AS n
  ON CONFLICT (tenant_id, destination_id, subject) DO UPDATE
  SET external_ref = excluded.external_ref, external_url = excluded.external_url,
      delivery_id = excluded.delivery_id, updated_at = excluded.updated_at)"};

using Settled = std::unordered_set<DeliveryId>;

bool ends(const Settlement& settlement) { return is_terminal(settlement.decision().next); }
const TenantId& tenant_of(const Settlement& settlement) { return settlement.claim()->event->tenant_id; }

void collect(const Rows& rows, Settled& settled) {
  for (int i = 0; i < rows.size(); ++i) settled.insert(DeliveryId{rows.uuid(i, 0)});
}

// Ends or reschedules those of the batch that hold their fence.
Settled move_deliveries(Connection& connection, const Batch& batch) {
  struct Columns {
    ArrayParameter tenants{Element::text}, ids{Element::uuid}, leases{Element::int8}, attempts{Element::int4};
    void add(const Settlement& s) {
      tenants.add(tenant_of(s).str());
      ids.add(s.claim()->delivery.value);
      leases.add_int8(s.claim()->lease);
      attempts.add_int4(s.attempt().number);
    }
    Parameters parameters() { return Parameters{}.array(tenants).array(ids).array(leases).array(attempts); }
  } ending, retrying, advancing;
  ArrayParameter states{Element::text}, delays{Element::int8}, steps{Element::int4}, carries{Element::bytea};
  bool any_ends = false, any_retries = false, any_advances = false;
  for (const auto* s : batch) {
    if (ends(*s)) {
      any_ends = true;
      ending.add(*s);
      states.add(to_string(s->decision().next));
    } else if (s->continues()) {
      any_advances = true;
      advancing.add(*s);
      steps.add_int4(s->claim()->step + 1);
      carries.add(s->carry());
    } else {
      any_retries = true;
      retrying.add(*s);
      delays.add_int8(s->decision().retry_in.count());
    }
  }
  Settled settled;
  if (any_ends) collect(connection.execute(end_deliveries, ending.parameters().array(states)), settled);
  if (any_retries) collect(connection.execute(schedule_retries, retrying.parameters().array(delays)), settled);
  if (any_advances)
    collect(connection.execute(advance_steps, advancing.parameters().array(steps).array(carries)), settled);
  return settled;
}

void write_attempts(Connection& connection, const Batch& batch) {
  ArrayParameter tenants{Element::text}, ids{Element::uuid}, numbers{Element::int4}, started{Element::timestamptz},
      durations{Element::int8}, results{Element::text}, statuses{Element::int4}, reasons{Element::text},
      errors{Element::text}, responses{Element::text}, event_ids{Element::uuid};
  for (const auto* s : batch) {
    const Attempt& attempt = s->attempt();
    tenants.add(tenant_of(*s).str());
    ids.add(s->claim()->delivery.value);
    numbers.add_int4(attempt.number);
    started.add_time(attempt.started_at);
    durations.add_int8(attempt.duration.count());
    results.add(to_string(attempt.result));
    if (attempt.http_status)
      statuses.add_int4(*attempt.http_status);
    else
      statuses.add_null();
    reasons.add(attempt.reason);
    errors.add(attempt.error_summary);
    responses.add(attempt.response_summary);
    event_ids.add(s->delivery_event_id());
  }
  connection.execute(record_attempts, Parameters{}
                                          .array(tenants)
                                          .array(ids)
                                          .array(numbers)
                                          .array(started)
                                          .array(durations)
                                          .array(results)
                                          .array(statuses)
                                          .array(reasons)
                                          .array(errors)
                                          .array(responses)
                                          .array(event_ids));
}

void write_external_references(Connection& connection, const Batch& batch) {
  // One statement cannot touch a row twice: of several deliveries about one subject the last one stands.
  std::unordered_map<std::string, const Settlement*> by_subject;
  for (const auto* s : batch)
    if (!s->external_ref().empty())
      by_subject[tenant_of(*s).str() + '\n' + s->claim()->destination.to_string() + '\n' +
                 delivery::external_reference_subject(*s->claim()->event)] = s;
  if (by_subject.empty()) return;
  ArrayParameter tenants{Element::text}, destinations{Element::uuid}, subjects{Element::text}, refs{Element::text},
      urls{Element::text}, deliveries{Element::uuid};
  for (const auto& [subject, s] : by_subject) {
    tenants.add(tenant_of(*s).str());
    destinations.add(s->claim()->destination.value);
    subjects.add(delivery::external_reference_subject(*s->claim()->event));
    refs.add(s->external_ref());
    urls.add(s->external_url());
    deliveries.add(s->claim()->delivery.value);
  }
  connection.execute(
      keep_external_references,
      Parameters{}.array(tenants).array(destinations).array(subjects).array(refs).array(urls).array(deliveries));
}

std::vector<OrderedSubject> subjects_freed_by(const Batch& batch) {
  std::vector<OrderedSubject> subjects;
  for (const auto* s : batch)
    if (s->ends_turn()) subjects.push_back({s->claim()->destination, s->claim()->subject});
  return subjects;
}

Settled settled_before(Connection& connection, const Batch& batch) {
  ArrayParameter tenants{Element::text}, deliveries{Element::uuid}, numbers{Element::int4}, ids{Element::uuid};
  for (const auto* s : batch) {
    tenants.add(tenant_of(*s).str());
    deliveries.add(s->claim()->delivery.value);
    numbers.add_int4(s->attempt().number);
    ids.add(s->delivery_event_id());
  }
  Settled found;
  collect(
      connection.execute(find_own_attempts, Parameters{}.array(tenants).array(deliveries).array(numbers).array(ids)),
      found);
  return found;
}

}  // namespace

std::vector<SettleResult> PostgresDeliveryStore::settle(std::span<const Settlement> settlements) {
  if (settlements.empty()) return {};
  Batch batch;
  for (const auto& s : settlements) batch.push_back(&s);
  std::ranges::sort(batch, [](const auto* a, const auto* b) {
    return std::tie(tenant_of(*a), a->claim()->delivery) < std::tie(tenant_of(*b), b->claim()->delivery);
  });

  auto session = database_.settle().borrow();
  Transaction transaction{*session};
  lock_subjects(*session, subjects_freed_by(batch));
  auto settled = move_deliveries(*session, batch);
  Batch won, lost;
  for (const auto* s : batch) (settled.contains(s->claim()->delivery) ? won : lost).push_back(s);
  if (!won.empty()) {
    write_attempts(*session, won);
    write_external_references(*session, won);
    wake_next(*session, subjects_freed_by(won));
    // From here on the tenants' heads are locked: the feed's, then the audit chain's.
    Batch told;  // a step that another one follows is no news to others
    std::ranges::copy_if(won, std::back_inserter(told), [](const auto* s) { return !s->continues(); });
    if (!told.empty()) {
      append_to_feeds(*session, told);
      add_to_rollup(*session, told);
    }
    std::vector<const audit::Entry*> entries;
    for (const auto& s : settlements) {
      if (!settled.contains(s.claim()->delivery)) continue;
      if (s.audit_entry()) entries.push_back(&*s.audit_entry());
      for (const auto& failure : s.credential_failures()) entries.push_back(&failure.entry);
    }
    append_to_chains(*session, entries);
  }
  if (!lost.empty()) settled.merge(settled_before(*session, lost));
  transaction.commit();

  std::vector<SettleResult> results;
  for (const auto& s : settlements)
    results.push_back(settled.contains(s.claim()->delivery) ? SettleResult::settled : SettleResult::lease_lost);
  return results;
}

}  // namespace opi::postgres
