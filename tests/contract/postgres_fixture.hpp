#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::test {

// For what only PostgreSQL does: one tenant, one destination, and the steps of a delivery on any store of its own.
class PostgresFixture : public testing::Test {
 protected:
  Uuid new_uuid() {
    std::array<std::uint8_t, 10> entropy{};
    random_.fill(entropy);
    return Uuid::v7(clock_.unix_now().time_since_epoch(), entropy);
  }
  delivery::NewEvent new_event(const std::string& id) {
    delivery::NewEvent made;
    made.event.tenant_id = acme_;
    made.event.event_id = EventId::parse(id).value();
    made.event.event_type = "alert.created";
    made.event.payload = "{}";
    made.content_hash = crypto::sha256(id);
    made.deliveries.push_back({DeliveryId{new_uuid()}, destination_, {}});
    return made;
  }
  delivery::Settlement success(delivery::Claim&& claim) {
    Attempt attempt;
    attempt.result = AttemptResult::succeeded;
    delivery::Decision decision;
    decision.next = DeliveryState::delivered;
    decision.result = AttemptResult::succeeded;
    audit::Entry entry;
    entry.tenant = acme_;
    return {std::move(claim), attempt, decision, new_uuid(), entry};
  }
  std::vector<delivery::Claim> claim(postgres::PostgresDeliveryStore& store) {
    return store.claim({{{destination_, 10}}}, {"daemon-1", std::chrono::seconds{30}});
  }

  ManualClock clock_;
  SeededRandom random_{7};
  const TenantId acme_ = TenantId::parse("acme").value();
  const DestinationId destination_{new_uuid()};
};

}  // namespace opi::test
