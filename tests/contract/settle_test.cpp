#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

TEST_P(StoreContract, ASuccessEndsTheDeliveryWithAttemptEventAndAuditRecord) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto ending = success(claim_one(destination));
  const auto attempt = ending.attempt();
  const auto delivery = ending.claim()->delivery;
  ASSERT_EQ(settle(std::move(ending)), settled);

  const auto view = engine->query().find(acme, delivery).value();
  EXPECT_EQ(view.state, DeliveryState::delivered);
  EXPECT_EQ(view.attempts, 1);
  EXPECT_TRUE(view.completed_at.has_value());
  EXPECT_FALSE(view.due_at.has_value());
  EXPECT_EQ(view.last_reason, attempt.reason);
  EXPECT_EQ(rows("integration_outbox"), 0);
  const auto attempts = attempts_of(delivery);
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(attempts[0].number, 1);
  EXPECT_EQ(attempts[0].started_at, attempt.started_at);
  EXPECT_EQ(attempts[0].duration, attempt.duration);
  EXPECT_EQ(attempts[0].result, AttemptResult::succeeded);
  EXPECT_EQ(attempts[0].http_status, 200);
  EXPECT_EQ(attempts[0].reason, attempt.reason);
  EXPECT_EQ(attempts[0].error_summary, attempt.error_summary);
  EXPECT_EQ(attempts[0].response_summary, attempt.response_summary);
  EXPECT_EQ(engine->scalar("SELECT event_type FROM integration_delivery_events"), "ticket.delivery.succeeded");
  EXPECT_EQ(engine->audit().read(acme, 0, 10).at(0).entry.action, audit::Action::delivery_delivered);
}

TEST_P(StoreContract, ARetryWaitsOutItsDelayAndIsNotAudited) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto again = retry(claim_one(destination));
  const auto delivery = again.claim()->delivery;
  ASSERT_EQ(settle(std::move(again)), settled);
  const auto view = engine->query().find(acme, delivery).value();
  EXPECT_EQ(view.state, DeliveryState::retry_scheduled);
  EXPECT_EQ(view.attempts, 1);
  EXPECT_GE(view.due_at.value(), view.created_at + 59s);
  EXPECT_EQ(view.last_reason, "retryable_reason");
  EXPECT_EQ(attempts_of(delivery).at(0).http_status, 503);
  EXPECT_EQ(engine->scalar("SELECT event_type FROM integration_delivery_events"), "ticket.delivery.retry_scheduled");
  EXPECT_THAT(engine->audit().read(acme, 0, 10), IsEmpty());
}

TEST_P(StoreContract, AFailedUseOfACredentialIsAuditedWithTheAttemptAndOnlyOnce) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto again = retry(claim_one(destination));
  again.add({"signing", 1, entry(acme, audit::Action::credential_failed)});
  std::vector<delivery::Settlement> batch;
  batch.push_back(std::move(again));
  ASSERT_EQ(engine->store().settle(batch).at(0), settled);
  ASSERT_EQ(engine->store().settle(batch).at(0), settled) << "submitted again, as after a commit in doubt";
  const auto records = engine->audit().read(acme, 0, 10);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].entry.action, audit::Action::credential_failed);
}

TEST_P(StoreContract, AFailedUseOfACredentialIsNotAuditedForALostLease) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto late = retry(claim_one(destination));
  late.add({"signing", 1, entry(acme, audit::Action::credential_failed)});
  engine->expire_leases();
  ASSERT_THAT(engine->store().take_over_expired(10, "another", 60s), SizeIs(1));
  ASSERT_EQ(settle(std::move(late)), lease_lost);
  EXPECT_THAT(engine->audit().read(acme, 0, 10), IsEmpty());
}

TEST_P(StoreContract, FailuresAndDeadLettersEndUnderTheirOwnNames) {
  const auto destination = new_destination();
  given_pending(destination, 2);
  auto first = claim_one(destination), second = claim_one(destination);
  const auto failed = first->delivery, dead = second->delivery;
  settle(settlement(std::move(first), DeliveryState::failed, AttemptResult::terminal));
  settle(settlement(std::move(second), DeliveryState::dead_lettered, AttemptResult::retryable));
  EXPECT_EQ(state_of(failed), DeliveryState::failed);
  EXPECT_EQ(state_of(dead), DeliveryState::dead_lettered);
  const auto types =
      engine->scalar("SELECT min(event_type) || ' ' || max(event_type) FROM integration_delivery_events");
  EXPECT_EQ(types, "ticket.delivery.dead_lettered ticket.delivery.failed");
}

TEST_P(StoreContract, AnAttemptWithoutAResponseHasNoStatus) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto again = settlement(claim_one(destination), DeliveryState::retry_scheduled, AttemptResult::interrupted);
  const auto delivery = again.claim()->delivery;
  settle(std::move(again));
  EXPECT_EQ(attempts_of(delivery).at(0).http_status, std::nullopt);
  EXPECT_EQ(attempts_of(delivery).at(0).result, AttemptResult::interrupted);
}

// --- fencing ---

TEST_P(StoreContract, AFailureUnderALostLeaseChangesNothing) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto stale = claim_one(destination);
  const auto delivery = stale->delivery;
  engine->expire_leases();
  ASSERT_THAT(engine->store().take_over_expired(10, "daemon-2", 30s), SizeIs(1));
  EXPECT_EQ(settle(retry(copy(stale))), lease_lost);
  EXPECT_EQ(settle(dead_letter(copy(stale))), lease_lost);
  EXPECT_EQ(settle(settlement(copy(stale), DeliveryState::failed, AttemptResult::terminal)), lease_lost);
  EXPECT_EQ(state_of(delivery), DeliveryState::delivering);
  EXPECT_THAT(attempts_of(delivery), IsEmpty());
  EXPECT_EQ(rows("integration_delivery_events"), 0);
  EXPECT_EQ(rows("audit_log"), 0);
}

TEST_P(StoreContract, AnExpiredLeaseThatNobodyTookStillSettles) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto late = claim_one(destination);
  engine->expire_leases();
  EXPECT_EQ(settle(retry(std::move(late))), settled);
}

TEST_P(StoreContract, AReleasedClaimCannotFailTheDelivery) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto claims = claim(destination);
  engine->store().release(claims);
  EXPECT_EQ(settle(dead_letter(copy(claims[0]))), lease_lost);
  EXPECT_EQ(state_of(claims[0]->delivery), DeliveryState::pending);
}

TEST_P(StoreContract, ALateSuccessCountsUnderAnotherLease) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto stale = claim_one(destination);
  const auto delivery = stale->delivery;
  engine->expire_leases();
  auto taken = engine->store().take_over_expired(10, "daemon-2", 30s);
  EXPECT_EQ(settle(success(std::move(stale))), settled);
  EXPECT_EQ(state_of(delivery), DeliveryState::delivered);
  EXPECT_EQ(settle(retry(std::move(taken[0]))), lease_lost);
  EXPECT_EQ(state_of(delivery), DeliveryState::delivered);
}

TEST_P(StoreContract, ALateSuccessReplacesTheInterruptedRecordOfItsAttempt) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto stale = claim_one(destination);
  const auto delivery = stale->delivery;
  engine->expire_leases();
  auto taken = engine->store().take_over_expired(10, "daemon-2", 30s);
  settle(settlement(std::move(taken[0]), DeliveryState::retry_scheduled, AttemptResult::interrupted));
  EXPECT_EQ(attempts_of(delivery).at(0).result, AttemptResult::interrupted);

  EXPECT_EQ(settle(success(std::move(stale))), settled);
  EXPECT_EQ(state_of(delivery), DeliveryState::delivered);
  ASSERT_THAT(attempts_of(delivery), SizeIs(1));
  EXPECT_EQ(attempts_of(delivery)[0].result, AttemptResult::succeeded);
  EXPECT_EQ(attempts_of(delivery)[0].http_status, 200);
}

TEST_P(StoreContract, ALateSuccessDuringTheNextAttemptKeepsTheCount) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto stale = claim_one(destination);
  const auto delivery = stale->delivery;
  engine->expire_leases();
  auto taken = engine->store().take_over_expired(10, "daemon-2", 30s);
  settle(settlement(std::move(taken[0]), DeliveryState::retry_scheduled, AttemptResult::interrupted));
  engine->make_all_due();
  auto next = claim_one(destination);
  settle(retry(copy(next)));
  EXPECT_EQ(settle(success(std::move(stale))), settled);
  EXPECT_EQ(engine->query().find(acme, delivery)->attempts, 2);
}

TEST_P(StoreContract, ASuccessAfterTheEndIsTooLate) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto first = claim_one(destination);
  auto late = copy(first);
  const auto delivery = first->delivery;
  settle(dead_letter(std::move(first)));
  EXPECT_EQ(settle(success(std::move(late))), lease_lost);
  EXPECT_EQ(state_of(delivery), DeliveryState::dead_lettered);
  EXPECT_EQ(attempts_of(delivery).at(0).result, AttemptResult::terminal);
  EXPECT_EQ(rows("audit_log"), 1);
}

TEST_P(StoreContract, ASuccessCountsEvenIfTheDatabaseForgotItsClaim) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto claims = claim(destination);
  engine->store().release(claims);  // as after a crash: pending, under an older token
  auto data = *claims[0];
  data.lease += 1;
  EXPECT_EQ(settle(dead_letter(delivery::Claim{data})), lease_lost);
  EXPECT_EQ(settle(success(delivery::Claim{data})), settled);
  EXPECT_EQ(state_of(data.delivery), DeliveryState::delivered);
}

TEST_P(StoreContract, AnUnknownDeliveryIsALostLease) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto data = *claim_one(destination);
  data.delivery = DeliveryId{new_uuid()};
  EXPECT_EQ(settle(success(delivery::Claim{data})), lease_lost);
}

// --- twice ---

TEST_P(StoreContract, TheSameEndSubmittedTwiceIsSettledOnce) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  std::vector<delivery::Settlement> batch;
  batch.push_back(success(claim_one(destination)));
  EXPECT_THAT(engine->store().settle(batch), ElementsAre(settled));
  EXPECT_THAT(engine->store().settle(batch), ElementsAre(settled));
  EXPECT_EQ(rows("integration_deliveries"), 1);
  EXPECT_EQ(rows("integration_delivery_attempts"), 1);
  EXPECT_EQ(rows("integration_delivery_events"), 1);
  EXPECT_EQ(rows("audit_log"), 1);
}

TEST_P(StoreContract, TheSameRetrySubmittedTwiceIsSettledOnce) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  std::vector<delivery::Settlement> batch;
  batch.push_back(retry(claim_one(destination)));
  EXPECT_THAT(engine->store().settle(batch), ElementsAre(settled));
  engine->make_all_due();
  const auto next = claim_one(destination);
  EXPECT_THAT(engine->store().settle(batch), ElementsAre(settled));
  EXPECT_EQ(state_of(next->delivery), DeliveryState::delivering);
  EXPECT_EQ(rows("integration_delivery_attempts"), 1);
  EXPECT_EQ(rows("integration_delivery_events"), 1);
}

TEST_P(StoreContract, AProvisionalRecordNeverReplacesAFinalOne) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto first = claim_one(destination);
  const auto delivery = first->delivery;
  settle(settlement(std::move(first), DeliveryState::retry_scheduled, AttemptResult::terminal));
  engine->make_all_due();
  for (const auto provisional : {AttemptResult::retryable, AttemptResult::interrupted}) {
    auto data = *claim_one(destination);
    data.attempts_made = 0;  // the same number again
    ASSERT_EQ(settle(settlement(delivery::Claim{data}, DeliveryState::retry_scheduled, provisional)), settled);
    engine->make_all_due();
    ASSERT_THAT(attempts_of(delivery), SizeIs(1));
    EXPECT_EQ(attempts_of(delivery)[0].result, AttemptResult::terminal);
  }
}

TEST_P(StoreContract, AFinalRecordReplacesARetryableOne) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto first = claim_one(destination);
  const auto delivery = first->delivery;
  settle(retry(std::move(first)));
  engine->make_all_due();
  auto data = *claim_one(destination);
  data.attempts_made = 0;
  settle(dead_letter(delivery::Claim{data}));
  ASSERT_THAT(attempts_of(delivery), SizeIs(1));
  EXPECT_EQ(attempts_of(delivery)[0].result, AttemptResult::terminal);
}

// --- batches ---

TEST_P(StoreContract, OneBatchMayMixAllEndsAndKeepsTheirOrder) {
  const auto destination = new_destination();
  given_pending(destination, 4);
  auto claims = claim(destination);
  engine->store().release({{copy(claims[1])}});
  std::vector<delivery::Settlement> batch;
  batch.push_back(success(copy(claims[3])));
  batch.push_back(dead_letter(copy(claims[1])));  // released: lost
  batch.push_back(retry(copy(claims[0])));
  batch.push_back(settlement(copy(claims[2]), DeliveryState::failed, AttemptResult::terminal));
  EXPECT_THAT(engine->store().settle(batch), ElementsAre(settled, lease_lost, settled, settled));
  EXPECT_EQ(state_of(claims[0]->delivery), DeliveryState::retry_scheduled);
  EXPECT_EQ(state_of(claims[1]->delivery), DeliveryState::pending);
  EXPECT_EQ(state_of(claims[2]->delivery), DeliveryState::failed);
  EXPECT_EQ(state_of(claims[3]->delivery), DeliveryState::delivered);
  EXPECT_THAT(engine->store().settle({}), IsEmpty());
}

TEST_P(StoreContract, FiveHundredDeliveriesAreOneSettlement) {
  const auto destination = new_destination();
  given_pending(destination, 500);
  std::vector<delivery::Settlement> batch;
  for (auto& one : claim(destination)) batch.push_back(success(std::move(one)));
  const auto results = engine->store().settle(batch);
  EXPECT_THAT(results, SizeIs(500));
  EXPECT_THAT(results, Each(settled));
  EXPECT_EQ(rows("integration_deliveries"), 500);
  EXPECT_EQ(rows("audit_log"), 500);
}

}  // namespace
}  // namespace opi::test
