#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "postgres/audit_chain.hpp"
#include "postgres/durable.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/subject_order.hpp"
#include "postgres/transaction.hpp"
#include "postgres/work_channel.hpp"

namespace opi::postgres {
namespace {

using delivery::ContentHash;
using delivery::InsertResult;
using delivery::NewEvent;
using Element = ArrayParameter::Element;

// A plain read is enough: an insert that does not see a change of the catalog came before it.
constexpr Statement read_catalog_revision{"intake_catalog_revision",
                                          "SELECT revision FROM integration_catalog_revision"};

constexpr Statement insert_events{"insert_events", R"(
  INSERT INTO integration_events (tenant_id, event_id, event_type, schema_version, source, event_timestamp,
                                  correlation_id, causation_id, alert_id, evidence_id, ticket_id, payload, content_hash,
                                  delivery_ids, producer)
  SELECT n.tenant_id, n.event_id, n.event_type, n.schema_version, n.source, n.event_timestamp,
         n.correlation_id, n.causation_id, n.alert_id, n.evidence_id, n.ticket_id, n.payload, n.content_hash,
         n.delivery_ids::uuid[], n.producer
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::text[], $15::text[])
    AS n (tenant_id, event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id,
          alert_id, evidence_id, ticket_id, payload, content_hash, delivery_ids, producer)
  ON CONFLICT (tenant_id, event_id) DO NOTHING
  RETURNING tenant_id, event_id)"};

constexpr Statement insert_deliveries{"insert_deliveries", R"(
  INSERT INTO integration_outbox (tenant_id, event_id, delivery_id, destination_id, idempotency_key, due_at, created_at,
                                  subject, place)
  SELECT n.tenant_id, n.event_id, n.delivery_id, n.destination_id, n.idempotency_key, now(), now(), n.subject,
         CASE n.subject WHEN '' THEN 0 ELSE nextval('integration_subject_places') END
  FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::bytea[], $6::text[])
    AS n (tenant_id, event_id, delivery_id, destination_id, idempotency_key, subject))"};

constexpr Statement read_content_hashes{"read_content_hashes", R"(
  SELECT e.tenant_id, e.event_id, e.content_hash
  FROM unnest($1::text[], $2::text[]) AS k (tenant_id, event_id)
  JOIN integration_events e ON e.tenant_id = k.tenant_id AND e.event_id = k.event_id)"};

// One key for the pair; neither id may contain the separator.
std::string event_key(std::string_view tenant, std::string_view event) {
  return std::string{tenant}.append("\n").append(event);
}
std::string event_key(const Event& event) { return event_key(event.tenant_id.str(), event.event_id.str()); }

std::vector<std::size_t> in_lock_order(std::span<const NewEvent> events) {
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::tie(events[i].event.tenant_id, events[i].event.event_id); });
  return order;
}

// As an array literal: arrays of different lengths do not fit into one array parameter.
std::string delivery_ids(const NewEvent& one) {
  std::string text = "{";
  for (const auto& each : one.deliveries) {
    if (text.size() > 1) text += ',';
    text += each.id.to_string();
  }
  return text + '}';
}

// Stores the events that are new and answers their keys.
std::vector<std::string> store_events(Connection& connection, std::span<const NewEvent> events,
                                      const std::vector<std::size_t>& order) {
  std::vector<ArrayParameter> columns(12, ArrayParameter{Element::text});
  ArrayParameter hashes{Element::bytea}, ids{Element::text}, producers{Element::text};
  for (const std::size_t i : order) {
    const Event& e = events[i].event;
    std::size_t column = 0;
    for (const std::string* value :
         {&e.tenant_id.str(), &e.event_id.str(), &e.event_type, &e.schema_version, &e.source, &e.timestamp,
          &e.correlation_id, &e.causation_id, &e.alert_id, &e.evidence_id, &e.ticket_id, &e.payload})
      columns[column++].add(*value);
    hashes.add(events[i].content_hash);
    ids.add(delivery_ids(events[i]));
    producers.add(e.producer);
  }
  Parameters parameters;
  for (auto& column : columns) parameters.array(column);
  const auto rows = connection.execute(insert_events, parameters.array(hashes).array(ids).array(producers));
  std::vector<std::string> keys;
  for (int i = 0; i < rows.size(); ++i) keys.push_back(event_key(rows.text(i, 0), rows.text(i, 1)));
  return keys;
}

void store_deliveries(Connection& connection, std::span<const NewEvent> events,
                      const std::vector<InsertResult>& results) {
  ArrayParameter tenants{Element::text}, event_ids{Element::text}, ids{Element::uuid}, destinations{Element::uuid},
      keys{Element::bytea}, subjects{Element::text};
  std::map<TenantId, std::vector<DeliveryId>> ordered;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (results[i] != InsertResult::accepted) continue;
    for (const auto& one : events[i].deliveries) {
      tenants.add(events[i].event.tenant_id.str());
      event_ids.add(events[i].event.event_id.str());
      ids.add(one.id.value);
      destinations.add(one.destination.value);
      keys.add(one.idempotency_key.bytes);
      subjects.add(one.subject);
      if (!one.subject.empty()) ordered[events[i].event.tenant_id].push_back(one.id);
    }
  }
  connection.execute(
      insert_deliveries,
      Parameters{}.array(tenants).array(event_ids).array(ids).array(destinations).array(keys).array(subjects));
  for (const auto& [tenant, deliveries] : ordered) wait_for_turn(connection, tenant, deliveries);
}

std::unordered_map<std::string, ContentHash> content_hashes(Connection& connection,
                                                            const std::vector<const Event*>& events) {
  std::unordered_map<std::string, ContentHash> hashes;
  if (events.empty()) return hashes;
  ArrayParameter tenants{Element::text}, ids{Element::text};
  for (const Event* event : events) {
    tenants.add(event->tenant_id.str());
    ids.add(event->event_id.str());
  }
  const auto rows = connection.execute(read_content_hashes, Parameters{}.array(tenants).array(ids));
  for (int i = 0; i < rows.size(); ++i) hashes.emplace(event_key(rows.text(i, 0), rows.text(i, 1)), rows.bytes32(i, 2));
  return hashes;
}

}  // namespace

delivery::InsertReport PostgresDeliveryStore::insert(std::span<const NewEvent> events, std::int64_t catalog_revision) {
  delivery::InsertReport report;
  if (events.empty()) return report;
  auto session = database_.intake().borrow();
  Transaction transaction{*session, Transaction::Kind::storing};
  if (session->execute(read_catalog_revision).int8(0, 0) != catalog_revision) {
    report.catalog_changed = true;
    return report;
  }

  std::vector<OrderedSubject> subjects;
  for (const auto& one : events)
    for (const auto& each : one.deliveries)
      if (!each.subject.empty()) subjects.push_back({each.destination, each.subject});
  lock_subjects(*session, subjects);

  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < events.size(); ++i) index.emplace(event_key(events[i].event), i);
  report.results.assign(events.size(), InsertResult::conflict);
  std::size_t accepted = 0;
  for (const auto& key : store_events(*session, events, in_lock_order(events))) {
    report.results[index.at(key)] = InsertResult::accepted;
    ++accepted;
  }

  if (accepted < events.size()) {
    std::vector<const Event*> known;
    for (std::size_t i = 0; i < events.size(); ++i)
      if (report.results[i] != InsertResult::accepted) known.push_back(&events[i].event);
    for (const auto& [key, hash] : content_hashes(*session, known)) {
      const std::size_t i = index.at(key);
      if (hash == events[i].content_hash) report.results[i] = InsertResult::duplicate;
    }
  }
  if (accepted == 0) {
    // What is said to be there already must be as durable as what is accepted.
    session->script(write_marker, "write a marker");
    transaction.commit();
    return report;
  }
  store_deliveries(*session, events, report.results);
  std::vector<const audit::Entry*> entries;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].audit_entry && report.results[i] == InsertResult::accepted)
      entries.push_back(&*events[i].audit_entry);
  if (!entries.empty()) append_to_chains(*session, entries);
  transaction.commit();
  return report;
}

std::vector<bool> PostgresDeliveryStore::stored(std::span<const NewEvent> events) {
  std::vector<const Event*> asked;
  for (const auto& one : events) asked.push_back(&one.event);
  auto session = database_.intake().borrow();
  Transaction transaction{*session};
  const auto hashes = content_hashes(*session, asked);
  session->script(write_marker, "write a marker");
  try {
    transaction.commit();
  } catch (const CommitInDoubt& doubt) {
    throw StoreUnavailable(doubt.what());  // what was read may be lost yet, and this wrote nothing
  }
  std::vector<bool> answer;
  for (const auto& one : events) {
    const auto found = hashes.find(event_key(one.event));
    answer.push_back(found != hashes.end() && found->second == one.content_hash);
  }
  return answer;
}

void PostgresDeliveryStore::announce(std::span<const DestinationId> destinations) {
  auto session = database_.general().borrow();
  session->script(announcement_of(destinations), "announce");
}

}  // namespace opi::postgres
