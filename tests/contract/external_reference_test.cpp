#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

delivery::Settlement with_reference(delivery::Settlement&& plain, const std::string& reference) {
  return {delivery::Claim{*plain.claim()},    plain.attempt(),     plain.decision(),
          plain.delivery_event_id(),          plain.audit_entry(), reference,
          "https://example.test/" + reference};
}

TEST_P(StoreContract, TheReceiversNameForATicketIsKeptAndRenewed) {
  const auto destination = new_destination();
  auto one = event("e1"), two = event("e2");
  two.ticket_id = one.ticket_id;
  engine->store().insert({{new_event(one, {destination}), new_event(two, {destination})}}, 0);
  auto claims = claim(destination);
  std::vector<delivery::Settlement> batch;
  for (auto& each : claims) batch.push_back(with_reference(success(std::move(each)), "EXT-1"));
  engine->store().settle(batch);
  EXPECT_EQ(rows("integration_external_references"), 1);
  EXPECT_EQ(engine->scalar("SELECT subject FROM integration_external_references"), one.ticket_id);

  auto three = event("e3");
  three.ticket_id = one.ticket_id;
  engine->store().insert({{new_event(three, {destination})}}, 0);
  settle(with_reference(success(claim_one(destination)), "EXT-2"));
  EXPECT_EQ(engine->scalar("SELECT external_ref || ' ' || external_url FROM integration_external_references"),
            "EXT-2 https://example.test/EXT-2");
}

TEST_P(StoreContract, WithoutATicketTheReferenceStandsForTheAlertElseTheEvent) {
  const auto a = new_destination(), b = new_destination();
  auto alert = event("e1"), bare = event("e2");
  alert.ticket_id.clear();
  bare.ticket_id.clear();
  bare.alert_id.clear();
  engine->store().insert({{new_event(alert, {a}), new_event(bare, {b})}}, 0);
  settle(with_reference(success(claim_one(a)), "EXT-1"));
  settle(with_reference(success(claim_one(b)), "EXT-2"));
  EXPECT_EQ(engine->scalar("SELECT subject FROM integration_external_references WHERE external_ref = 'EXT-1'"),
            "alert-e1");
  EXPECT_EQ(engine->scalar("SELECT subject FROM integration_external_references WHERE external_ref = 'EXT-2'"), "e2");
}

}  // namespace
}  // namespace opi::test
