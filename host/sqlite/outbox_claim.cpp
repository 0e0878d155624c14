#include <unordered_map>

#include "delivery/one_look.hpp"
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
         e.producer, o.subject, o.step, o.carry
  FROM integration_outbox o INDEXED BY integration_outbox_due
  CROSS JOIN integration_events e ON e.tenant_id = o.tenant_id AND e.event_id = o.event_id
  WHERE o.destination_id = ? AND o.due_at_us >= ? AND o.due_at_us <= ? AND o.state <> 'delivering'
  ORDER BY o.due_at_us, o.delivery_id LIMIT ?)"};

constexpr Statement find_prior_reference{"find_prior_reference", R"(
  SELECT external_ref, external_url FROM integration_external_references
  WHERE tenant_id = ? AND destination_id = ? AND subject = ?)"};

constexpr Statement has_expired{"has_expired", R"(
  SELECT EXISTS (SELECT 1 FROM integration_outbox INDEXED BY integration_outbox_leases
                 WHERE state = 'delivering' AND locked_until_ms < ?))"};

constexpr Statement find_expired{"find_expired", R"(
  SELECT o.tenant_id, o.delivery_id, o.destination_id, o.lease_token, o.attempts, o.attempts_before, o.due_at_us,
         o.created_at_ms, o.idempotency_key, e.event_id, e.event_type, e.schema_version, e.source, e.event_timestamp,
         e.correlation_id, e.causation_id, e.alert_id, e.evidence_id, e.ticket_id, e.payload,
         e.producer, o.subject, o.step, o.carry
  FROM integration_outbox o INDEXED BY integration_outbox_leases
  CROSS JOIN integration_events e ON e.tenant_id = o.tenant_id AND e.event_id = o.event_id
  WHERE o.state = 'delivering' AND o.locked_until_ms < ? LIMIT ?)"};

// The first delivery about each of the next subjects: a descent or two for each, however many wait behind it. (What is
// compared with a pair of values, SQLite reads from those that are equal on.)
constexpr Statement next_subject{"next_subject", R"(
  SELECT * FROM (
    SELECT destination_id, subject, tenant_id, due_at_us
    FROM integration_outbox INDEXED BY integration_outbox_by_subject
    WHERE subject <> '' AND destination_id = ?1 AND subject > ?2 ORDER BY subject, place, delivery_id LIMIT 1)
  UNION ALL SELECT * FROM (
    SELECT destination_id, subject, tenant_id, due_at_us
    FROM integration_outbox INDEXED BY integration_outbox_by_subject
    WHERE subject <> '' AND destination_id > ?1 ORDER BY destination_id, subject, place, delivery_id LIMIT 1)
  LIMIT 1)"};

constexpr Statement is_held{"subject_is_held", R"(
  SELECT EXISTS (SELECT 1 FROM integration_deliveries d
                 WHERE d.destination_id = ?1 AND d.subject = ?2 AND d.subject <> '' AND d.state = 'dead_lettered')
    AND NOT EXISTS (SELECT 1 FROM integration_external_references r
                    WHERE r.tenant_id = ?3 AND r.destination_id = ?1 AND r.subject = ?2))"};

constexpr Statement lease_delivery{"lease_delivery", R"(
  UPDATE integration_outbox SET state = 'delivering', lease_token = lease_token + 1, locked_by = ?, locked_until_ms = ?
  WHERE tenant_id = ? AND delivery_id = ?)"};

constexpr Statement give_back{"release_claim", R"(
  UPDATE integration_outbox
  SET state = CASE WHEN attempts = 0 THEN 'pending' ELSE 'retry_scheduled' END, locked_by = NULL, locked_until_ms = NULL
  WHERE tenant_id = ? AND delivery_id = ? AND state = 'delivering' AND lease_token = ?)"};

// Its first row that is not under way.
constexpr Statement find_due_at{"due_destination", R"(
  SELECT o.due_at_us FROM integration_outbox o INDEXED BY integration_outbox_due
  WHERE o.destination_id = ? AND o.due_at_us >= ? AND o.state <> 'delivering' AND o.due_at_us < 9223372036854775807
  ORDER BY o.due_at_us, o.delivery_id LIMIT 1)"};

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
          &made->causation_id, &made->alert_id, &made->evidence_id, &made->ticket_id, &made->payload, &made->producer})
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
    data.subject = rows.string(21);
    data.step = rows.int4(22);
    data.carry = rows.string(23);
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
                                              const delivery::ClaimTerms& terms) {
  if (requests.empty()) return {};
  const auto session = database_.writer(claim_durability);
  Transaction transaction{*session};
  const auto now = clock_.unix_now();
  if (unix_micros(now) > terms.valid_until) return {};
  const auto leased_until = clock_.mono_now() + terms.lease;
  StoredEvents events;
  std::vector<Claim> claims;
  for (const auto& request : requests) {
    if (request.limit <= 0) continue;
    Query rows{*session, find_due};
    rows.uuid(request.destination.value).integer(request.due_from).integer(unix_micros(now)).integer(request.limit);
    collect(rows, events, leased_until, claims);
  }
  if (claims.empty()) return claims;
  read_prior_references(*session, claims);
  lease_all(*session, claims, terms.daemon_id, now + terms.lease);
  transaction.commit();
  return claims;
}

std::vector<Claim> SqliteDeliveryStore::take_over_expired(int limit, const std::string& daemon_id,
                                                          std::chrono::milliseconds lease) {
  if (limit <= 0) return {};
  {
    // Nearly always there is nothing, and who writes does not wait to learn that.
    const auto session = database_.reader();
    Query row{*session, has_expired};
    row.time(clock_.unix_now());
    if (!row.step() || row.int8(0) == 0) return {};
  }
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

std::vector<OrderedSubject> SqliteDeliveryStore::stranded_subjects() {
  const Lock lock{mutex_};
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  std::vector<OrderedSubject> waiting;
  for (int looked = 0; looked < subjects_a_call_; ++looked) {
    OrderedSubject subject;
    {
      Query row{*session, next_subject};
      if (!row.uuid(looked_at_.destination.value).text(looked_at_.subject).step()) {
        looked_at_ = {};  // the next call begins anew
        break;
      }
      subject = looked_at_ = {DestinationId{row.uuid_at(0)}, row.string(1)};
      if (row.int8(3) != never_due_us) continue;
      Query held{*session, is_held};
      held.uuid(subject.destination.value).text(subject.subject).text(row.view(2));
      if (held.step() && held.int8(0) != 0) continue;
    }
    waiting.push_back(std::move(subject));
  }
  return waiting;
}

int SqliteDeliveryStore::wake_stranded() {
  const auto waiting = stranded_subjects();
  if (waiting.empty()) return 0;
  const auto session = database_.writer();
  Transaction transaction{*session};
  const int woken = wake_next(*session, waiting, clock_.unix_now());
  if (woken > 0) transaction.commit();
  return woken;
}

std::vector<delivery::DueDestination> SqliteDeliveryStore::due_destinations(
    std::span<const delivery::DueSearch> searches) {
  delivery::require_one_look(searches.size());
  if (searches.empty()) return {};
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  const auto now = unix_micros(clock_.unix_now());
  std::vector<delivery::DueDestination> due;
  for (const auto& search : searches) {
    Query row{*session, find_due_at};
    if (!row.uuid(search.destination.value).integer(search.due_from).step()) continue;
    const auto due_in = std::chrono::microseconds{row.int8(0) - now};
    due.push_back({search.destination, std::chrono::ceil<std::chrono::milliseconds>(due_in), row.int8(0)});
  }
  return due;
}

}  // namespace opi::sqlite
