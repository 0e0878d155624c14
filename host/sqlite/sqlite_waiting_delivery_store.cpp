#include "sqlite/sqlite_waiting_delivery_store.hpp"

#include <stdexcept>

#include "sqlite/audit_chain.hpp"
#include "sqlite/feed_append.hpp"
#include "sqlite/hex_list.hpp"
#include "sqlite/query.hpp"
#include "sqlite/subject_order.hpp"
#include "sqlite/text_list.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::MovedDelivery;

constexpr Statement count_live{"count_live_deliveries", R"(
  SELECT count(*) FILTER (WHERE o.state <> 'delivering'
                            AND (?8 IS NULL OR o.state IN (SELECT value FROM json_each(?8)))),
         count(*) FILTER (WHERE o.state = 'delivering')
  FROM integration_outbox o
  WHERE o.tenant_id = ?1 AND o.delivery_id >= ?2 AND o.delivery_id < ?3
    AND (?4 IS NULL OR o.created_at_ms >= ?4) AND (?5 IS NULL OR o.created_at_ms < ?5)
    AND (?6 IS NULL OR EXISTS (SELECT 1 FROM integration_events e WHERE e.tenant_id = o.tenant_id
                                 AND e.event_id = o.event_id AND e.event_type = ?6))
    AND (?7 IS NULL OR hex(o.destination_id) IN (SELECT value FROM json_each(?7))))"};

constexpr Statement read_waiting{"read_waiting_delivery", R"(
  SELECT o.destination_id, o.event_id, coalesce(e.correlation_id, ''), o.attempts, o.subject, o.due_at_us
  FROM integration_outbox o LEFT JOIN integration_events e ON e.tenant_id = o.tenant_id AND e.event_id = o.event_id
  WHERE o.tenant_id = ? AND o.delivery_id = ? AND o.state <> 'delivering')"};

constexpr Statement keep_cancelled{"keep_cancelled_delivery", R"(
  INSERT INTO integration_deliveries (tenant_id, delivery_id, destination_id, event_id, idempotency_key, state,
                                      attempts, created_at_ms, completed_at_ms, lease_token, subject)
  SELECT tenant_id, delivery_id, destination_id, event_id, idempotency_key, 'failed', attempts + 1, created_at_ms, ?,
         lease_token, subject
  FROM integration_outbox WHERE tenant_id = ? AND delivery_id = ?)"};

constexpr Statement remove_cancelled{"remove_cancelled_delivery",
                                     "DELETE FROM integration_outbox WHERE tenant_id = ? AND delivery_id = ?"};

constexpr Statement record_cancellation{"record_cancellation", R"(
  INSERT INTO integration_delivery_attempts (tenant_id, delivery_id, number, started_at_ms, duration_ms, result, reason,
                                             error_summary, response_summary, delivery_event_id)
  VALUES (?, ?, ?, ?, 0, 'terminal', ?, ?, '', ?))"};

constexpr Statement hasten_delivery{"hasten_delivery", R"(
  UPDATE integration_outbox SET due_at_us = min(due_at_us, ?) WHERE tenant_id = ? AND delivery_id = ?)"};

struct Waiting {
  MovedDelivery delivery;
  std::string subject;
  bool has_its_turn;
};

std::optional<Waiting> find_waiting(Connection& connection, const TenantId& tenant, const DeliveryId& id) {
  Query row{connection, read_waiting};
  if (!row.text(tenant.str()).uuid(id.value).step()) return std::nullopt;
  return Waiting{{id, DestinationId{row.uuid_at(0)}, EventId::parse(row.view(1)).value(), row.string(2), row.int4(3)},
                 row.string(4),
                 row.int8(5) < never_due_us};
}

void end_waiting(Connection& connection, const TenantId& tenant, const delivery::Settlement& cancellation,
                 UnixTime now) {
  const auto& id = cancellation.claim()->delivery.value;
  Query{connection, keep_cancelled}.time(now).text(tenant.str()).uuid(id).run();
  Query{connection, remove_cancelled}.text(tenant.str()).uuid(id).run();
  const Attempt& attempt = cancellation.attempt();
  Query{connection, record_cancellation}
      .text(tenant.str())
      .uuid(id)
      .integer(attempt.number)
      .time(attempt.started_at)
      .text(attempt.reason)
      .text(attempt.error_summary)
      .uuid(cancellation.delivery_event_id())
      .run();
}

}  // namespace

delivery::LiveCount SqliteWaitingDeliveryStore::count(const TenantId& tenant, const delivery::DeliveryFilter& filter) {
  if (filter.by_event()) throw std::invalid_argument("a filter of single events is counted one by one");
  auto all = filter;
  all.before.reset();
  const auto [from, before] = delivery::id_range(all);
  std::vector<std::string_view> states;
  for (const auto state : filter.states) states.push_back(to_string(state));
  const auto session = database_.reader();
  Query row{*session, count_live};
  row.text(tenant.str())
      .uuid(from)
      .uuid(before)
      .optional_time(filter.created_from)
      .optional_time(filter.created_to)
      .optional_text(filter.event_type)
      .optional_text(hex_list(filter.destinations));
  if (states.empty())
    row.null();
  else
    row.text(text_list(states));
  row.step();
  return {row.int8(0), row.int8(1)};
}

std::vector<MovedDelivery> SqliteWaitingDeliveryStore::cancel(const TenantId& tenant,
                                                              std::span<const delivery::Cancellation> cancellations,
                                                              const std::string& reason, const audit::Entry& by) {
  if (cancellations.size() > batch) throw std::invalid_argument("too many deliveries for one call");
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto now = clock_.unix_now();
  std::vector<MovedDelivery> cancelled;
  std::vector<delivery::Settlement> ends;
  std::vector<OrderedSubject> free;
  for (const auto& one : cancellations) {
    auto waiting = find_waiting(*session, tenant, one.delivery);
    if (!waiting) continue;
    waiting->delivery.attempts += 1;
    ends.push_back(delivery::cancellation(waiting->delivery, one.delivery_event_id, reason, by));
    end_waiting(*session, tenant, ends.back(), now);
    if (!waiting->subject.empty()) free.push_back({waiting->delivery.destination, waiting->subject});
    cancelled.push_back(std::move(waiting->delivery));
  }
  if (cancelled.empty()) return cancelled;
  wake_next(*session, free, now);
  std::vector<const delivery::Settlement*> told;
  std::vector<const audit::Entry*> entries;
  for (const auto& one : ends) {
    told.push_back(&one);
    entries.push_back(&*one.audit_entry());
  }
  append_to_feeds(*session, told, now);
  append_to_chains(*session, entries);
  transaction.commit();
  return cancelled;
}

bool SqliteWaitingDeliveryStore::retry_now(const TenantId& tenant, const DeliveryId& delivery, const audit::Entry& by) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto waiting = find_waiting(*session, tenant, delivery);
  if (!waiting || !waiting->has_its_turn) return false;
  Query{*session, hasten_delivery}
      .integer(unix_micros(clock_.unix_now()))
      .text(tenant.str())
      .uuid(delivery.value)
      .run();
  const auto entry = delivery::moved_entry(by, waiting->delivery, {});
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::sqlite
