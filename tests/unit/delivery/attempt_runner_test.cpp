#include "delivery/attempt_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class Attempts : public test::WithEngine {
 protected:
  void settle() { engine().settler.run_once(); }
  // As the dispatcher does, but under a lease of this length.
  void start_all(std::chrono::milliseconds lease) {
    auto plan = engine().scheduler.plan(clock.mono_now());
    auto claims = store.claim(plan.requests(), {.daemon_id = "daemon-1", .lease = lease});
    ASSERT_EQ(claims.size(), 1u);
    auto slots = plan.claimed(claims, clock.mono_now());
    const auto target = engine().attempts.target(*engine().catalog.current(), test::destination_id(1));
    ASSERT_TRUE(target);
    engine().attempts.start(Landings::begin(engine().settler.landings(), std::move(claims[0]), std::move(slots[0])),
                            *target);
  }
};

TEST_F(Attempts, CarryADeliveryToItsReceiver) {
  publish_and_dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(only_delivery().state, DeliveryState::delivering);
  EXPECT_EQ(transport.under_way[0].request.url, "https://h1.example/in");
  EXPECT_EQ(transport.under_way[0].request.timeout, 15s);
  clock.advance(70ms);
  transport.answer(204, "thanks");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::delivered);
  const auto attempt = last_attempt();
  EXPECT_EQ(attempt.number, 1);
  EXPECT_EQ(attempt.result, AttemptResult::succeeded);
  EXPECT_EQ(attempt.http_status, 204) << "known to the host, though the adapter did not say it";
  EXPECT_EQ(attempt.duration, 70ms);
  EXPECT_EQ(attempt.response_summary, "thanks");
  EXPECT_THAT(engine().logger.text(), HasSubstr("delivery.attempt tenant=acme"));
}

TEST_F(Attempts, ATimeoutOfTheAdapterMayOnlyShortenThatOfThePolicy) {
  registry.adapter->change_rendering = [](Rendering& r) { r.request.timeout = 2s; };
  publish_and_dispatch("e-1");
  registry.adapter->change_rendering = [](Rendering& r) { r.request.timeout = 1h; };
  publish_and_dispatch("e-2");
  ASSERT_EQ(transport.under_way.size(), 2u);
  EXPECT_EQ(transport.under_way[0].request.timeout, 2s);
  EXPECT_EQ(transport.under_way[1].request.timeout, 15s);
}

// Or a backlog would spend its attempts as fast as they can be written down.
TEST_F(Attempts, OneThatCannotBeSignedHoldsUpTheNextForASecond) {
  engine().provider->value.clear();
  publish_and_dispatch("e-1");
  settle();
  publish_and_dispatch("e-2");
  settle();
  int attempts = 0;
  for (const auto& one : deliveries()) attempts += one.attempts;
  EXPECT_EQ(attempts, 1);
  clock.advance(1s);
  dispatch();
  settle();
  attempts = 0;
  for (const auto& one : deliveries()) attempts += one.attempts;
  EXPECT_EQ(attempts, 2);
}

// Up to the longest that a policy may ask for.
TEST_F(Attempts, HaveTheWholeTimeOfTheirPolicy) {
  auto d = test::destination(1);
  d.policy_override.timeout = PolicyLimits::max_timeout;
  put(d);
  publish_and_dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(transport.under_way[0].request.timeout, 120s);
}

TEST_F(Attempts, AreNumberedAndScheduledByThePolicy) {
  publish_and_dispatch();
  transport.answer(503, "busy");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "http_503");
  EXPECT_EQ(last_attempt().result, AttemptResult::retryable);
  dispatch();
  EXPECT_TRUE(transport.under_way.empty()) << "not due yet";
  clock.advance(6s);
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(transport.under_way[0].request.headers[1].value, "2");
}

TEST_F(Attempts, AnAdapterThatCannotBeAskedNowHoldsItsDestinationAtNoAttemptsCost) {
  registry.adapter->change_rendering = [](Rendering& r) { r.ok = false, r.held = "the plugin is quarantined"; };
  publish_and_dispatch();
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
  EXPECT_EQ(only_delivery().attempts, 0);
  EXPECT_THAT(engine().logger.text(), HasSubstr("the plugin is quarantined"));
}

TEST_F(Attempts, WhatAnAdapterTakesItsTimeForIsTakenFromTheRequests) {
  registry.adapter->change_rendering = [this](Rendering&) { clock.advance(900ms); };
  publish_and_dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(transport.under_way[0].request.timeout, 14'100ms);
}

TEST_F(Attempts, AHeldDestinationLosesNoAttemptAndIsLookedAtAgain) {
  registry.held_reason = "plugin webhook is not loaded";
  publish_and_dispatch();
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
  EXPECT_EQ(only_delivery().attempts, 0);
  EXPECT_THAT(engine().logger.text(), HasSubstr("destination.held"));
  EXPECT_THAT(engine().logger.text(), HasSubstr("plugin webhook is not loaded"));
  registry.held_reason.clear();
  dispatch();
  EXPECT_TRUE(transport.under_way.empty()) << "held for five seconds";
  clock.advance(5s);
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(Attempts, WithoutItsSigningSecretFailsSaysSoAndSendsNothing) {
  engine().provider->status = secrets::ResolveStatus::not_found;
  publish_and_dispatch();
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "signing_secret_unavailable");
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("the vault is closed"));
}

TEST_F(Attempts, WithoutASigningCredentialFailsSaysSoAndSendsNothing) {
  auto d = test::destination(1);
  d.credentials.clear();
  put(d);
  publish_and_dispatch();
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(last_attempt().reason, "signing_secret_unavailable");
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("no credential for purpose 'signing'"));
}

TEST_F(Attempts, GoUnsignedOnlyWhereSigningIsSwitchedOff) {
  auto d = test::destination(1);
  d.credentials.clear();
  d.signing = SigningRule::disabled;
  put(d);
  publish_and_dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(Attempts, AnUnsignedRenderingIsRefusedWhereSigningIsRequired) {
  registry.adapter->change_rendering = [](Rendering& r) { r.is_signed = false; };
  publish_and_dispatch();
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(last_attempt().reason, "unsigned_request");
}

TEST_F(Attempts, ARenderErrorEndsTheDeliveryUnlessItMayPass) {
  registry.adapter->change_rendering = [](Rendering& r) {
    r.ok = false;
    r.error = "template: no member 'title'";
  };
  publish_and_dispatch("e-1");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(last_attempt().reason, "render_failed");
  EXPECT_EQ(last_attempt().error_summary, "template: no member 'title'");
}

TEST_F(Attempts, ARenderErrorThatMayPassIsTriedAgain) {
  registry.adapter->change_rendering = [](Rendering& r) {
    r.ok = false;
    r.retryable = true;
  };
  publish_and_dispatch();
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).in_flight, 0);
}

TEST_F(Attempts, ATransportFaultIsRecordedWithItsReason) {
  publish_and_dispatch();
  transport.fail(TransportFault::connect, false, "h1.example: connection refused");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "connect_failed");
  EXPECT_EQ(last_attempt().error_summary, "h1.example: connection refused");
  EXPECT_EQ(last_attempt().http_status, std::nullopt);
}

TEST_F(Attempts, ARefusedAddressIsParked) {
  publish_and_dispatch();
  transport.fail(TransportFault::address_refused, false, "no address that it may have", "h1.example at 10.0.0.1");
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(last_attempt().error_summary, "no address that it may have");
  EXPECT_THAT(engine().logger.text(), HasSubstr("peer=h1.example at 10.0.0.1")) << "the operator needs to know";
}

TEST_F(Attempts, CancelledBeforeAnythingWasSentIsNoAttempt) {
  publish_and_dispatch();
  transport.fail(TransportFault::cancelled, false);
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
  EXPECT_TRUE(attempts_of(only_delivery()).empty());
}

TEST_F(Attempts, CancelledAfterItWasSentIsOneWithAnUnknownResult) {
  publish_and_dispatch();
  transport.fail(TransportFault::cancelled, true);
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  EXPECT_EQ(last_attempt().reason, "cancelled");
}

TEST_F(Attempts, ALeaseTooShortForTheTimeoutIsGivenBack) {
  engine().intake.submit({test::event("e-1")});
  start_all(15'999ms);
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::pending);
}

TEST_F(Attempts, ALeaseJustLongEnoughIsUsed) {
  engine().intake.submit({test::event("e-1")});
  start_all(16'000ms);
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(Attempts, AReceiverThatEchoesASecretDoesNotGetItStored) {
  registry.adapter->change_outcome = [](Outcome& outcome) {
    outcome.detail = "refused s3cr3t-value";
    outcome.external_ref = "id-s3cr3t-value";
  };
  publish_and_dispatch();
  transport.answer(400, "you sent s3cr3t-value, really");
  settle();
  const auto attempt = last_attempt();
  EXPECT_EQ(attempt.response_summary, "you sent [redacted], really");
  EXPECT_EQ(attempt.error_summary, "refused [redacted]");
  EXPECT_THAT(engine().logger.text(), Not(HasSubstr("s3cr3t")));
  for (const auto& record : audit_log.read(*TenantId::parse("acme"), 0, 100))
    EXPECT_THAT(record.entry.details, Not(HasSubstr("s3cr3t")));
}

TEST_F(Attempts, WhatIsRefusedWithASecretThatWasReplacedIsSentAgainAtNoCost) {
  registry.adapter->change_rendering = [](Rendering& r) { r.used_purposes = {"signing"}; };
  for (const int status : {401, 403}) {
    publish_and_dispatch("e-" + std::to_string(status));
    const auto fetches = engine().provider->fetches;
    engine().provider->value = "new-value-" + std::to_string(status);
    clock.advance(1s);
    transport.answer(status, "not with s3cr3t-value");
    EXPECT_EQ(engine().provider->fetches, fetches + 1);
    ASSERT_EQ(transport.under_way.size(), 1u) << "the same attempt goes on";
    transport.answer(200);
    settle();
  }
  for (const auto& one : deliveries()) {
    EXPECT_EQ(one.state, DeliveryState::delivered);
    EXPECT_EQ(attempts_of(one).size(), 1u);
  }
}

TEST_F(Attempts, WhatIsRefusedWithTheSecretThatThereIsStandsAfterOneFetch) {
  registry.adapter->change_rendering = [](Rendering& r) { r.used_purposes = {"signing"}; };
  publish_and_dispatch();
  transport.answer(401);
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(engine().provider->fetches, 2);
  EXPECT_EQ(attempts_of(only_delivery()).size(), 1u);
}

TEST_F(Attempts, ARefusalThatTheStoreCouldNotBeAskedAboutIsTriedAgain) {
  put_tenant("acme", {.backoff_initial = 1h});  // when the test is over
  registry.adapter->change_rendering = [](Rendering& r) { r.used_purposes = {"signing"}; };
  registry.adapter->change_outcome = [](Outcome& outcome) {
    if (outcome.verdict == Verdict::delivered) return;
    outcome.verdict = Verdict::reject;  // as adapters do that leave it to the policy
    outcome.by_status = true;
  };
  using secrets::ResolveStatus;
  const auto after = [&](const std::string& id, int status) -> std::string {
    publish_and_dispatch(id);
    EXPECT_EQ(transport.under_way.size(), 1u);
    transport.answer(status);
    settle();
    for (const auto& one : deliveries())
      if (one.event_id.str() == id) return is_terminal(one.state) ? "over" : "tried again";
    return "lost";
  };
  for (const int status : {401, 403}) {
    const auto name = std::to_string(status);
    clock.advance(2s);
    EXPECT_EQ(after("e-1-" + name, status), "over") << "the store says that it is that one";
    EXPECT_EQ(after("e-2-" + name, status), "tried again") << "it is not asked so soon again";
    for (const auto trouble : {ResolveStatus::unavailable, ResolveStatus::not_found}) {
      clock.advance(2s);
      engine().provider->status = trouble;
      EXPECT_EQ(after("e-3-" + name + std::to_string(static_cast<int>(trouble)), status), "tried again");
      engine().provider->status = ResolveStatus::ok;
      clock.advance(6s);
    }
  }
}

TEST_F(Attempts, ItIsAskedAnewOnceAnAttempt) {
  registry.adapter->change_rendering = [](Rendering& r) { r.used_purposes = {"signing"}; };
  publish_and_dispatch();
  engine().provider->value = "second-value";
  transport.answer(401);
  engine().provider->value = "third-value";
  clock.advance(2s);
  transport.answer(401);
  settle();
  EXPECT_TRUE(transport.under_way.empty());
  EXPECT_EQ(attempts_of(only_delivery()).size(), 1u);
}

TEST_F(Attempts, ARequestWithoutSecretsIsNotRefusedForThem) {
  publish_and_dispatch();
  transport.answer(403);
  settle();
  EXPECT_EQ(engine().provider->fetches, 1);
}

TEST_F(Attempts, RetryAfterPausesTheWholeDestinationUpToItsOwnMaximum) {
  auto d = test::destination(1);
  d.policy_override.backoff_cap = 10s;
  d.policy_override.retry_after_max = 60s;
  put(d);
  publish_and_dispatch("e-1");
  transport.answer(429, "", {{"retry-after", "540"}});
  settle();
  publish_and_dispatch("e-2");
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(59s);
  dispatch();
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(1s);
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u) << "nine minutes were asked for; one goes first";
  transport.answer(200);
  settle();
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(Attempts, ASilenceIsKeptWhateverTheVerdict) {
  registry.adapter->change_outcome = [](Outcome& outcome) { outcome.retry_after = 1h; };
  int number = 0;
  for (const int status : {400, 401, 302, 503, 429}) {
    SCOPED_TRACE(status);
    publish_and_dispatch("e-" + std::to_string(++number));
    ASSERT_EQ(transport.under_way.size(), 1u);
    transport.answer(status);
    settle();
    publish_and_dispatch("e-" + std::to_string(++number));
    clock.advance(59min);
    dispatch();
    EXPECT_TRUE(transport.under_way.empty());
    clock.advance(1min);
    dispatch();
    while (!transport.under_way.empty()) {
      registry.adapter->change_outcome = {};
      transport.answer(200);
      settle();
      dispatch();
    }
    registry.adapter->change_outcome = [](Outcome& outcome) { outcome.retry_after = 1h; };
  }
}

TEST_F(Attempts, ASilenceThatOutlastsThePolicyEndsAsADeadLetterThatSaysSo) {
  auto d = test::destination(1);
  d.policy_override.max_attempts = 3;
  d.policy_override.retry_after_max = 60s;
  put(d);
  publish_and_dispatch();
  transport.answer(429, "", {{"retry-after", "121"}});
  settle();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_EQ(last_attempt().reason, "retry_after_too_long");
  EXPECT_EQ(last_attempt().http_status, 429);
  EXPECT_THAT(last_attempt().error_summary, HasSubstr("the receiver asks for 121 s of silence"));
  publish_and_dispatch("e-2");
  EXPECT_TRUE(transport.under_way.empty()) << "the silence is kept all the same";
}

TEST_F(Attempts, A503CountsForTheBreakerAndA400DoesNot) {
  options.scheduler.breaker.failure_threshold = 1;
  publish_and_dispatch("e-1");
  transport.answer(400);
  settle();
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).breakers_open, 0);
  publish_and_dispatch("e-2");
  transport.answer(503);
  settle();
  EXPECT_EQ(engine().scheduler.counts(clock.mono_now()).breakers_open, 1);
}

}  // namespace
}  // namespace opi::delivery
