#include "delivery/delivery_event.hpp"
#include "sqlite/audit_chain.hpp"
#include "sqlite/feed_append.hpp"
#include "sqlite/query.hpp"
#include "sqlite/rollup.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/subject_order.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::Settlement;
using delivery::SettleResult;

// The fence of both: the lease that was claimed with, except that a success counts while the delivery is live,
// under whatever lease.
constexpr Statement end_delivery{"end_delivery", R"(
  INSERT INTO integration_deliveries (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state,
                                      attempts, created_at_ms, completed_at_ms, lease_token, subject)
  SELECT tenant_id, delivery_id, destination_id, event_id, idempotency_key, ?1, max(attempts, ?2), created_at_ms, ?3,
         lease_token, subject
  FROM integration_outbox
  WHERE tenant_id = ?4 AND delivery_id = ?5
    AND ((state = 'delivering' AND lease_token = ?6) OR ?1 = 'delivered'))"};

constexpr Statement delete_ended{"delete_ended",
                                 "DELETE FROM integration_outbox WHERE tenant_id = ? AND delivery_id = ?"};

constexpr Statement schedule_retry{"schedule_retry", R"(
  UPDATE integration_outbox
  SET state = 'retry_scheduled', attempts = max(attempts, ?), due_at_us = ?, locked_by = NULL, locked_until_ms = NULL
  WHERE tenant_id = ? AND delivery_id = ? AND state = 'delivering' AND lease_token = ?)"};

// The policy's budget is each step's.
constexpr Statement advance_step{"advance_step", R"(
  UPDATE integration_outbox
  SET state = 'retry_scheduled', attempts = max(attempts, ?1), attempts_before = max(attempts, ?1), step = ?2,
      carry = ?3, due_at_us = ?4, locked_by = NULL, locked_until_ms = NULL
  WHERE tenant_id = ?5 AND delivery_id = ?6 AND state = 'delivering' AND lease_token = ?7)"};

// A settlement that is submitted again finds its own attempt.
constexpr Statement find_own_attempt{"find_own_attempt", R"(
  SELECT 1 FROM integration_delivery_attempts
  WHERE tenant_id = ? AND delivery_id = ? AND number = ? AND delivery_event_id = ?)"};

// A final record replaces a provisional one of the same number: a late success after the attempt was
// rescued as interrupted. DO NOTHING here would lose it.
constexpr Statement record_attempt{"record_attempt", R"(
  INSERT INTO integration_delivery_attempts (tenant_id, delivery_id, number, started_at_ms, duration_ms, result,
                                             http_status, reason, error_summary, response_summary, delivery_event_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_id, delivery_id, number) DO UPDATE
  SET started_at_ms = excluded.started_at_ms, duration_ms = excluded.duration_ms, result = excluded.result,
      http_status = excluded.http_status, reason = excluded.reason, error_summary = excluded.error_summary,
      response_summary = excluded.response_summary, delivery_event_id = excluded.delivery_event_id
  WHERE result IN ('retryable', 'interrupted') AND excluded.result IN ('succeeded', 'terminal'))"};

constexpr Statement keep_external_reference{"keep_external_reference", R"(
  INSERT INTO integration_external_references (tenant_id, destination_id, subject, external_ref, external_url,
                                               delivery_id, updated_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_id, destination_id, subject) DO UPDATE
  SET external_ref = excluded.external_ref, external_url = excluded.external_url,
      delivery_id = excluded.delivery_id, updated_at_ms = excluded.updated_at_ms)"};

// Ends or reschedules the delivery; false if its fence is lost.
bool move_delivery(Connection& connection, const Settlement& s, UnixTime now) {
  const auto& claim = *s.claim();
  const auto& tenant = claim.event->tenant_id.str();
  if (!is_terminal(s.decision().next)) {
    const auto due = std::chrono::microseconds{(now + s.decision().retry_in).time_since_epoch()}.count();
    if (s.continues())
      return Query{connection, advance_step}
                 .integer(s.attempt().number)
                 .integer(claim.step + 1)
                 .blob({reinterpret_cast<const std::uint8_t*>(s.carry().data()), s.carry().size()})
                 .integer(due)
                 .text(tenant)
                 .uuid(claim.delivery.value)
                 .integer(claim.lease)
                 .run() == 1;
    return Query{connection, schedule_retry}
               .integer(s.attempt().number)
               .integer(due)
               .text(tenant)
               .uuid(claim.delivery.value)
               .integer(claim.lease)
               .run() == 1;
  }
  const auto ended = Query{connection, end_delivery}
                         .text(to_string(s.decision().next))
                         .integer(s.attempt().number)
                         .time(now)
                         .text(tenant)
                         .uuid(claim.delivery.value)
                         .integer(claim.lease)
                         .run();
  if (ended == 0) return false;
  Query{connection, delete_ended}.text(tenant).uuid(claim.delivery.value).run();
  return true;
}

void write_attempt(Connection& connection, const Settlement& s) {
  const Attempt& attempt = s.attempt();
  Query insert{connection, record_attempt};
  insert.text(s.claim()->event->tenant_id.str())
      .uuid(s.claim()->delivery.value)
      .integer(attempt.number)
      .time(attempt.started_at)
      .integer(attempt.duration.count())
      .text(to_string(attempt.result));
  if (attempt.http_status)
    insert.integer(*attempt.http_status);
  else
    insert.null();
  insert.text(attempt.reason)
      .text(attempt.error_summary)
      .text(attempt.response_summary)
      .uuid(s.delivery_event_id())
      .run();
}

void write_external_reference(Connection& connection, const Settlement& s, UnixTime now) {
  if (s.external_ref().empty()) return;
  const auto& claim = *s.claim();
  Query{connection, keep_external_reference}
      .text(claim.event->tenant_id.str())
      .uuid(claim.destination.value)
      .text(delivery::external_reference_subject(*claim.event))
      .text(s.external_ref())
      .text(s.external_url())
      .uuid(claim.delivery.value)
      .time(now)
      .run();
}

bool settled_before(Connection& connection, const Settlement& s) {
  return Query{connection, find_own_attempt}
      .text(s.claim()->event->tenant_id.str())
      .uuid(s.claim()->delivery.value)
      .integer(s.attempt().number)
      .uuid(s.delivery_event_id())
      .step();
}

}  // namespace

std::vector<SettleResult> SqliteDeliveryStore::settle(std::span<const Settlement> settlements) {
  if (settlements.empty()) return {};
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto now = clock_.unix_now();
  std::vector<SettleResult> results;
  std::vector<const audit::Entry*> entries;
  std::vector<const Settlement*> won;
  std::vector<OrderedSubject> free;
  for (const auto& s : settlements) {
    if (!move_delivery(*session, s, now)) {
      results.push_back(settled_before(*session, s) ? SettleResult::settled : SettleResult::lease_lost);
      continue;
    }
    results.push_back(SettleResult::settled);
    write_attempt(*session, s);
    write_external_reference(*session, s, now);
    if (s.audit_entry()) entries.push_back(&*s.audit_entry());
    for (const auto& failure : s.credential_failures()) entries.push_back(&failure.entry);
    if (s.continues()) continue;  // no end of anything that others want to know of
    if (s.ends_turn()) free.push_back({s.claim()->destination, s.claim()->subject});
    won.push_back(&s);
  }
  wake_next(*session, free, now);
  append_to_feeds(*session, won, now);
  add_to_rollup(*session, won, now);
  append_to_chains(*session, entries);
  transaction.commit();
  return results;
}

}  // namespace opi::sqlite
