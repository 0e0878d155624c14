#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/subject_order.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::ContentHash;
using delivery::InsertResult;
using delivery::NewEvent;

constexpr Statement read_catalog_revision{"intake_catalog_revision",
                                          "SELECT revision FROM integration_catalog_revision"};

constexpr Statement insert_event{"insert_event", R"(
  INSERT INTO integration_events (tenant_id, event_id, event_type, schema_version, source, event_timestamp,
                                  correlation_id, causation_id, alert_id, evidence_id, ticket_id, payload, content_hash,
                                  received_at_ms, delivery_ids, producer)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, event_id) DO NOTHING)"};

constexpr Statement insert_delivery{"insert_delivery", R"(
  INSERT INTO integration_outbox (tenant_id, event_id, delivery_id, destination_id, idempotency_key, due_at_us,
                                  created_at_ms, subject, place)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
          CASE ?8 WHEN '' THEN 0 ELSE (
            SELECT coalesce(max(place), 0) + 1 FROM integration_outbox
            WHERE destination_id = ?4 AND subject = ?8 AND subject <> '') END))"};

constexpr Statement read_content_hash{
    "read_content_hash", "SELECT content_hash FROM integration_events WHERE tenant_id = ? AND event_id = ?"};

bool is_stored(Connection& connection, const NewEvent& one) {
  Query row{connection, read_content_hash};
  row.text(one.event.tenant_id.str()).text(one.event.event_id.str());
  return row.step() && row.bytes32(0) == one.content_hash;
}

bool store_event(Connection& connection, const NewEvent& one, UnixTime now) {
  Query insert{connection, insert_event};
  const Event& e = one.event;
  for (const std::string* value :
       {&e.tenant_id.str(), &e.event_id.str(), &e.event_type, &e.schema_version, &e.source, &e.timestamp,
        &e.correlation_id, &e.causation_id, &e.alert_id, &e.evidence_id, &e.ticket_id, &e.payload})
    insert.text(*value);
  std::vector<std::uint8_t> delivery_ids;
  for (const auto& each : one.deliveries)
    delivery_ids.insert(delivery_ids.end(), each.id.value.bytes.begin(), each.id.value.bytes.end());
  return insert.blob(one.content_hash).time(now).blob(delivery_ids).text(e.producer).run() == 1;
}

}  // namespace

delivery::InsertReport SqliteDeliveryStore::insert(std::span<const NewEvent> events, std::int64_t catalog_revision) {
  delivery::InsertReport report;
  if (events.empty()) return report;
  const auto session = database_.writer();
  Transaction transaction{*session};
  {
    Query revision{*session, read_catalog_revision};
    if (!revision.step() || revision.int8(0) != catalog_revision) {
      report.catalog_changed = true;
      return report;
    }
  }
  const auto now = clock_.unix_now();
  const auto due = std::chrono::microseconds{now.time_since_epoch()}.count();
  bool any = false;
  Query insert{*session, insert_delivery};
  for (const auto& one : events) {
    if (!store_event(*session, one, now)) {
      report.results.push_back(is_stored(*session, one) ? InsertResult::duplicate : InsertResult::conflict);
      continue;
    }
    any = true;
    report.results.push_back(InsertResult::accepted);
    for (const auto& each : one.deliveries) {
      insert.text(one.event.tenant_id.str())
          .text(one.event.event_id.str())
          .uuid(each.id.value)
          .uuid(each.destination.value)
          .blob(each.idempotency_key.bytes)
          .integer(due)
          .time(now)
          .text(each.subject)
          .run_again();
      if (!each.subject.empty()) wait_for_turn(*session, one.event.tenant_id, each.id);
    }
    if (one.audit_entry) append_to_chains(*session, {&*one.audit_entry});
  }
  if (any) transaction.commit();
  return report;
}

std::vector<bool> SqliteDeliveryStore::stored(std::span<const NewEvent> events) {
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  std::vector<bool> answer;
  for (const auto& one : events) answer.push_back(is_stored(*session, one));
  return answer;
}

}  // namespace opi::sqlite
