#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "contract/engine.hpp"
#include "delivery/settlement.hpp"
#include "support/seeded_random.hpp"

namespace opi::test {

// What both stores promise, run unchanged on each. A test works through the ports; the side door of its engine
// only moves time and counts rows.
class StoreContract : public testing::TestWithParam<EngineKind> {
 protected:
  StoreContract();

  // --- ids and values ---
  Uuid new_uuid();
  DestinationId new_destination() { return DestinationId{new_uuid()}; }
  Event event(const std::string& id, const TenantId& tenant);
  Event event(const std::string& id) { return event(id, acme); }
  // With one delivery for each destination; the content hash is made of the payload.
  delivery::NewEvent new_event(const Event& of, const std::vector<DestinationId>& destinations);
  audit::Entry entry(const TenantId& tenant, audit::Action action = audit::Action::tenant_created);

  // --- steps ---
  // Stores events e<first>…, each for `destination`, and expects all to be accepted.
  void given_pending(const DestinationId& destination, int count, int first = 0);
  std::vector<delivery::Claim> claim(const DestinationId& destination, int limit = 500,
                                     delivery::DueTime due_from = delivery::due_since_ever);
  delivery::Claim claim_one(const DestinationId& destination);
  // The same right a second time, as a daemon would hold it that lost its answer or its lease.
  static delivery::Claim copy(const delivery::Claim& claim) { return delivery::Claim{*claim}; }

  delivery::Settlement settlement(delivery::Claim&& claim, DeliveryState next, AttemptResult result);
  delivery::Settlement success(delivery::Claim&& claim) {
    return settlement(std::move(claim), DeliveryState::delivered, AttemptResult::succeeded);
  }
  delivery::Settlement retry(delivery::Claim&& claim) {
    return settlement(std::move(claim), DeliveryState::retry_scheduled, AttemptResult::retryable);
  }
  delivery::Settlement dead_letter(delivery::Claim&& claim) {
    return settlement(std::move(claim), DeliveryState::dead_lettered, AttemptResult::terminal);
  }
  delivery::SettleResult settle(delivery::Settlement&& one);

  // --- looks ---
  int rows(const std::string& table) { return std::stoi(engine->scalar("SELECT count(*) FROM " + table)); }
  DeliveryState state_of(const DeliveryId& delivery) { return engine->query().find(acme, delivery).value().state; }
  std::vector<Attempt> attempts_of(const DeliveryId& delivery) { return engine->query().attempts(acme, delivery); }

  const TenantId acme = TenantId::parse("acme").value();
  const TenantId globex = TenantId::parse("globex").value();
  std::unique_ptr<Engine> engine;
  SeededRandom random{20'260'101};
};

constexpr auto settled = delivery::SettleResult::settled;
constexpr auto lease_lost = delivery::SettleResult::lease_lost;

}  // namespace opi::test
