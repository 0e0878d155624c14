#include "contract/store_contract.hpp"

#include "crypto/digest.hpp"
#include "delivery/idempotency.hpp"

namespace opi::test {

using delivery::Claim;
using delivery::Settlement;

StoreContract::StoreContract() : engine(GetParam().make()) {}

Uuid StoreContract::new_uuid() {
  std::array<std::uint8_t, 10> entropy{};
  random.fill(entropy);
  engine->clock.advance(std::chrono::milliseconds{1});  // ids are ordered by time
  return Uuid::v7(engine->clock.unix_now().time_since_epoch(), entropy);
}

Event StoreContract::event(const std::string& id, const TenantId& tenant) {
  return {.tenant_id = tenant,
          .event_id = EventId::parse(id).value(),
          .event_type = "alert.created",
          .schema_version = "1.0",
          .source = "oneprotect/detector",
          .timestamp = "2026-01-02T03:04:05.678Z",
          .correlation_id = "corr-" + id,
          .causation_id = "cause-" + id,
          .alert_id = "alert-" + id,
          .evidence_id = "evidence-" + id,
          .ticket_id = "ticket-" + id,
          .payload = R"({"alert_id":"alert-)" + id + R"(","text":"Zürich – 東京 🛡"})",
          .producer = "token:opi_" + id};
}

delivery::NewEvent StoreContract::new_event(const Event& of, const std::vector<DestinationId>& destinations) {
  delivery::NewEvent made;
  made.event = of;
  made.content_hash = crypto::sha256(of.payload);
  for (const auto& destination : destinations)
    made.deliveries.push_back(
        {DeliveryId{new_uuid()}, destination, delivery::idempotency_key(of.tenant_id, destination, of.event_id)});
  return made;
}

audit::Entry StoreContract::entry(const TenantId& tenant, audit::Action action) {
  return {.tenant = tenant,
          .at = engine->clock.unix_now(),
          .actor_kind = audit::ActorKind::token,
          .actor_id = "opi_abc",
          .actor_role = "tenant_admin",
          .action = action,
          .target = "tenant:" + tenant.str(),
          .correlation_id = "corr",
          .details = R"({"näme":"'quoted' \\ \"twice\""})"};
}

void StoreContract::given_pending(const DestinationId& destination, int count, int first) {
  std::vector<delivery::NewEvent> events;
  for (int i = first; i < first + count; ++i)
    events.push_back(new_event(event("e" + std::to_string(i)), {destination}));
  const auto report = engine->store().insert(events, engine->catalog().revision());
  ASSERT_FALSE(report.catalog_changed);
  ASSERT_THAT(report.results, testing::Each(delivery::InsertResult::accepted));
}

std::vector<Claim> StoreContract::claim(const DestinationId& destination, int limit, delivery::DueTime due_from) {
  return engine->store().claim({{{destination, limit, due_from}}}, {"daemon-1", std::chrono::seconds{30}});
}

Claim StoreContract::claim_one(const DestinationId& destination) {
  auto claims = claim(destination, 1);
  if (claims.size() != 1) throw std::runtime_error("there is nothing to claim");
  return std::move(claims.front());
}

Settlement StoreContract::settlement(Claim&& claim, DeliveryState next, AttemptResult result) {
  Attempt attempt;
  attempt.number = claim->attempts_made + 1;
  attempt.started_at = engine->clock.unix_now();
  attempt.duration = std::chrono::milliseconds{12};
  attempt.result = result;
  if (result == AttemptResult::succeeded) attempt.http_status = 200;
  if (result == AttemptResult::retryable) attempt.http_status = 503;
  if (result == AttemptResult::terminal) attempt.http_status = 400;
  attempt.reason = std::string{to_string(result)} + "_reason";
  attempt.error_summary = "fehlgeschlagen – ünïcode";
  attempt.response_summary = "{\"ok\":\"'\\\"}";
  delivery::Decision decision;
  decision.next = next;
  decision.result = result;
  decision.retry_in = std::chrono::seconds{60};
  std::optional<audit::Entry> audit_entry;
  if (is_terminal(next)) {
    const auto action = next == DeliveryState::delivered ? audit::Action::delivery_delivered
                        : next == DeliveryState::failed  ? audit::Action::delivery_failed
                                                         : audit::Action::delivery_dead_lettered;
    audit_entry = entry(claim->event->tenant_id, action);
  }
  return {std::move(claim), std::move(attempt), decision, new_uuid(), std::move(audit_entry)};
}

delivery::SettleResult StoreContract::settle(Settlement&& one) {
  std::vector<Settlement> batch;
  batch.push_back(std::move(one));
  return engine->store().settle(batch).at(0);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace opi::test
