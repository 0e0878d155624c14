#include <unordered_map>

#include "sqlite/query.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/subject_order.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::Claim;

// Claims are committed without waiting for the disk: the log is written in order, so a claim that a power
// loss takes away is lost with everything after it, its settlement included. The request may go out again,
// which at-least-once allows.
constexpr auto claim_durability = Durability::relaxed;

constexpr Statement find_due{"find_due", R"(
  SELECT o.tenant_id, o.delivery_id, o.destination_id, o.lease_token, o.attempts, o.attempts_before, o.due_at_us,
         o.created_at_ms, o.idempotency_key, e.event_id, e.event_type, e.schema_version, e.source, e.event_timestamp,
         e.correlation_id, e.causation_id, e.alert_id, e.evidence_id, e.ticket_id, e.payload,
         o.subject, o.step, o.carry
  FROM integration_outbox o INDEXED BY integration_outbox_due
  CROSS JOIN integration_events e ON e.tenant_id = o.tenant_id AND e.event_id = o.event_id
  WHERE o.destination_id = ? AND o.due_at_us >= ? AND o.due_at_us <= ? AND o.state <> 'delivering'
  ORDER BY o.due_at_us, o.delivery_id LIMIT ?)"};

constexpr Statement find_prior_reference{"find_prior_reference", R"(
  SELECT external_ref, external_url FROM integration_external_references
  WHERE tenant_id = ? AND destination_id = ? AND subject = ?)"};

// Without an index on locks this reads the live rows once; it runs every few seconds.
constexpr Statement find_expired{"find_expired", R"(
  SELECT o.tenant_id, o.delivery_id, o.destination_id, o.lease_token, o.attempts, o.attempts_before, o.due_at_us,
         o.created_at_ms, o.idempotency_key, e.event_id, e.event_type, e.schema_version, e.source, e.event_timestamp,
         e.correlation_id, e.causation_id, e.alert_id, e.evidence_id, e.ticket_id, e.payload,
         o.subject, o.step, o.carry
  FROM integration_outbox o
  CROSS JOIN integration_events e ON e.tenant_id = o.tenant_id AND e.event_id = o.event_id
  WHERE o.state = 'delivering' AND o.locked_until_ms < ? LIMIT ?)"};

constexpr Statement find_stranded_subjects{"find_stranded_subjects", R"(
  SELECT g.destination_id, g.subject
  FROM (SELECT min(tenant_id) AS tenant_id, destination_id, subject FROM integration_outbox
        WHERE subject <> '' GROUP BY destination_id, subject HAVING min(due_at_us) = 9223372036854775807) g
  WHERE NOT EXISTS (SELECT 1 FROM integration_deliveries d
                    WHERE d.destination_id = g.destination_id AND d.subject = g.subject AND d.subject <> ''
                      AND d.state = 'dead_lettered')
    OR EXISTS (SELECT 1 FROM integration_external_references r
               WHERE r.tenant_id = g.tenant_id AND r.destination_id = g.destination_id AND r.subject = g.subject)
  LIMIT 1000)"};

constexpr Statement lease_delivery{"lease_delivery", R"(
  UPDATE integration_outbox SET state = 'delivering', lease_token = lease_token + 1, locked_by = ?, locked_until_ms = ?
  WHERE tenant_id = ? AND delivery_id = ?)"};

constexpr Statement give_back{"release_claim", R"(
  UPDATE integration_outbox
  SET state = CASE WHEN attempts = 0 THEN 'pending' ELSE 'retry_scheduled' END, locked_by = NULL, locked_until_ms = NULL
  WHERE tenant_id = ? AND delivery_id = ? AND state = 'delivering' AND lease_token = ?)"};

// A loose index scan: one descent per destination, however many rows each has; then its first row that is
// not under way.
constexpr Statement find_due_destinations{"due_destinations", R"(
  WITH RECURSIVE d (destination_id) AS (
    SELECT min(destination_id) FROM integration_outbox
    UNION ALL
    SELECT (SELECT min(o.destination_id) FROM integration_outbox o WHERE o.destination_id > d.destination_id)
    FROM d WHERE d.destination_id IS NOT NULL
  ), w AS (
    SELECT d.destination_id, (SELECT o.due_at_us FROM integration_outbox o INDEXED BY integration_outbox_due
                              WHERE o.destination_id = d.destination_id AND o.state <> 'delivering'
                                AND o.due_at_us < 9223372036854775807
                              ORDER BY o.due_at_us, o.delivery_id LIMIT 1) AS due_at_us
    FROM d WHERE d.destination_id IS NOT NULL
  )
  SELECT destination_id, due_at_us FROM w WHERE due_at_us IS NOT NULL)"};

// The events of one call: several deliveries of one event share one object.
class StoredEvents {
 public:
  std::shared_ptr<const Event> read(const Query& row, const TenantId& tenant, int first) {
    auto& event = events_[tenant.str() + '\n' + row.string(first)];
    if (event) return event;
    auto made = std::make_shared<Event>();
    made->tenant_id = tenant;
    made->event_id = EventId::parse(row.view(first)).value();
    int column = first + 1;
    for (std::string* field :
         {&made->event_type, &made->schema_version, &made->source, &made->timestamp, &made->correlation_id,
          &made->causation_id, &made->alert_id, &made->evidence_id, &made->ticket_id, &made->payload})
      *field = row.string(column++);
    return event = std::move(made);
  }

 private:
  std::unordered_map<std::string, std::shared_ptr<const Event>> events_;
};

void collect(Query& rows, StoredEvents& events, MonoTime leased_until, std::vector<Claim>& claims) {
  while (rows.step()) {
    Claim::Data data;
    data.delivery = DeliveryId{rows.uuid_at(1)};
    data.destination = DestinationId{rows.uuid_at(2)};
    data.lease = rows.int8(3) + 1;
    data.attempts_made = rows.int4(4);
    data.attempts_before = rows.int4(5);
    data.due_at = rows.int8(6);
    data.leased_until = leased_until;
    data.created_at = rows.time_at(7);
    data.idempotency_key.bytes = rows.bytes32(8);
    data.event = events.read(rows, TenantId::parse(rows.view(0)).value(), 9);
    data.subject = rows.string(20);
    data.step = rows.int4(21);
    data.carry = rows.string(22);
    claims.emplace_back(std::move(data));
  }
}

void read_prior_references(Connection& connection, std::vector<Claim>& claims) {
  for (auto& claim : claims) {
    if (claim->subject.empty()) continue;
    Query row{connection, find_prior_reference};
    row.text(claim->event->tenant_id.str()).uuid(claim->destination.value).text(claim->subject);
    if (row.step()) claim.refer_to(row.string(0), row.string(1));
  }
}

void lease_all(Connection& connection, const std::vector<Claim>& claims, const std::string& daemon_id,
               UnixTime locked_until) {
  Query update{connection, lease_delivery};
  for (const auto& claim : claims)
    update.text(daemon_id)
        .time(locked_until)
        .text(claim->event->tenant_id.str())
        .uuid(claim->delivery.value)
        .run_again();
}

}  // namespace

std::vector<Claim> SqliteDeliveryStore::claim(std::span<const delivery::ClaimRequest> requests,
                                              const std::string& daemon_id, std::chrono::milliseconds lease) {
  if (requests.empty()) return {};
  const auto session = database_.writer(claim_durability);
  Transaction transaction{*session};
  const auto now = clock_.unix_now();
  const auto leased_until = clock_.mono_now() + lease;
  StoredEvents events;
  std::vector<Claim> claims;
  for (const auto& request : requests) {
    if (request.limit <= 0) continue;
    Query rows{*session, find_due};
    rows.uuid(request.destination.value)
        .integer(request.due_from)
        .integer(std::chrono::microseconds{now.time_since_epoch()}.count())
        .integer(request.limit);
    collect(rows, events, leased_until, claims);
  }
  if (claims.empty()) return claims;
  read_prior_references(*session, claims);
  lease_all(*session, claims, daemon_id, now + lease);
  transaction.commit();
  return claims;
}

std::vector<Claim> SqliteDeliveryStore::take_over_expired(int limit, const std::string& daemon_id,
                                                          std::chrono::milliseconds lease) {
  if (limit <= 0) return {};
  const auto session = database_.writer(claim_durability);
  Transaction transaction{*session};
  const auto now = clock_.unix_now();
  StoredEvents events;
  std::vector<Claim> claims;
  {
    Query rows{*session, find_expired};
    rows.time(now).integer(limit);
    collect(rows, events, clock_.mono_now() + lease, claims);
  }
  if (claims.empty()) return claims;
  read_prior_references(*session, claims);
  lease_all(*session, claims, daemon_id, now + lease);
  transaction.commit();
  return claims;
}

void SqliteDeliveryStore::release(std::span<const Claim> claims) {
  if (claims.empty()) return;
  const auto session = database_.writer(claim_durability);
  Transaction transaction{*session};
  {
    Query update{*session, give_back};
    for (const auto& claim : claims)
      update.text(claim->event->tenant_id.str()).uuid(claim->delivery.value).integer(claim->lease).run_again();
  }
  transaction.commit();
}

int SqliteDeliveryStore::wake_stranded() {
  const auto session = database_.writer();
  Transaction transaction{*session};
  std::vector<OrderedSubject> waiting;
  {
    Query rows{*session, find_stranded_subjects};
    while (rows.step()) waiting.push_back({DestinationId{rows.uuid_at(0)}, rows.string(1)});
  }
  const int woken = wake_next(*session, waiting, clock_.unix_now());
  if (woken > 0) transaction.commit();
  return woken;
}

std::vector<delivery::DueDestination> SqliteDeliveryStore::due_destinations() {
  const auto session = database_.reader();
  const auto now = std::chrono::microseconds{clock_.unix_now().time_since_epoch()};
  Query rows{*session, find_due_destinations};
  std::vector<delivery::DueDestination> due;
  while (rows.step())
    due.push_back({DestinationId{rows.uuid_at(0)},
                   std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds{rows.int8(1)} - now)});
  return due;
}

}  // namespace opi::sqlite
