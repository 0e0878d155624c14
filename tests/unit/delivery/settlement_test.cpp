#include "delivery/settlement.hpp"

#include <gtest/gtest.h>

#include "delivery/settlement_factory.hpp"
#include "delivery/transport_outcome.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

Outcome outcome_of(Verdict verdict, std::optional<int> status = std::nullopt, bool by_status = false) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.http_status = status;
  outcome.by_status = by_status;
  return outcome;
}

Decision decided(const Outcome& outcome, int attempt = 1, const DeliveryPolicy& policy = {}) {
  return decide(policy, attempt, outcome, 0.5);
}

struct VerdictCase {
  Verdict verdict;
  DeliveryState next;
  AttemptResult result;
};

class EveryVerdict : public testing::TestWithParam<VerdictCase> {};

TEST_P(EveryVerdict, LeadsToItsStateUnderTheDefaultPolicy) {
  const auto decision = decided(outcome_of(GetParam().verdict));
  EXPECT_EQ(decision.next, GetParam().next);
  EXPECT_EQ(decision.result, GetParam().result);
  EXPECT_EQ(decision.disable_destination, GetParam().verdict == Verdict::disable);
  EXPECT_EQ(decision.retry_in, GetParam().result == AttemptResult::retryable ? 5s : 0s);
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryVerdict,
    testing::Values(VerdictCase{Verdict::delivered, DeliveryState::delivered, AttemptResult::succeeded},
                    VerdictCase{Verdict::retry, DeliveryState::retry_scheduled, AttemptResult::retryable},
                    VerdictCase{Verdict::reject, DeliveryState::dead_lettered, AttemptResult::terminal},
                    VerdictCase{Verdict::throttle, DeliveryState::retry_scheduled, AttemptResult::retryable},
                    VerdictCase{Verdict::auth, DeliveryState::retry_scheduled, AttemptResult::retryable},
                    VerdictCase{Verdict::disable, DeliveryState::dead_lettered, AttemptResult::terminal},
                    VerdictCase{Verdict::proceed, DeliveryState::retry_scheduled, AttemptResult::continued},
                    VerdictCase{Verdict::unknown, DeliveryState::retry_scheduled, AttemptResult::retryable}));

TEST(DeadLetterBehaviour, DecidesWhatATerminalRefusalAndExhaustionBecome) {
  struct Case {
    DeadLetterBehaviour behaviour;
    DeliveryState refused, exhausted;
  };
  for (const auto& [behaviour, refused, exhausted] :
       {Case{DeadLetterBehaviour::always, DeliveryState::dead_lettered, DeliveryState::dead_lettered},
        Case{DeadLetterBehaviour::on_exhaustion, DeliveryState::failed, DeliveryState::dead_lettered},
        Case{DeadLetterBehaviour::never, DeliveryState::failed, DeliveryState::failed}}) {
    DeliveryPolicy policy;
    policy.dead_letter = behaviour;
    policy.max_attempts = 3;
    EXPECT_EQ(decided(outcome_of(Verdict::reject), 1, policy).next, refused) << to_string(behaviour);
    EXPECT_EQ(decided(outcome_of(Verdict::reject), 3, policy).next, refused) << to_string(behaviour);
    EXPECT_EQ(decided(outcome_of(Verdict::disable), 1, policy).next, refused) << to_string(behaviour);
    EXPECT_EQ(decided(outcome_of(Verdict::retry), 3, policy).next, exhausted) << to_string(behaviour);
    EXPECT_EQ(decided(outcome_of(Verdict::retry), 2, policy).next, DeliveryState::retry_scheduled);
    EXPECT_EQ(decided(outcome_of(Verdict::delivered), 3, policy).next, DeliveryState::delivered);
  }
}

TEST(Exhaustion, ComesWithTheLastAttemptOfThePolicyAndNotBefore) {
  for (const auto verdict : {Verdict::retry, Verdict::throttle, Verdict::auth, Verdict::unknown}) {
    EXPECT_EQ(decided(outcome_of(verdict), 9).next, DeliveryState::retry_scheduled);
    const auto last = decided(outcome_of(verdict), 10);
    EXPECT_EQ(last.next, DeliveryState::dead_lettered);
    EXPECT_EQ(last.result, AttemptResult::retryable) << "the attempt itself could have been tried again";
    EXPECT_EQ(last.retry_in, 0ms);
    EXPECT_EQ(decided(outcome_of(verdict), 11).next, DeliveryState::dead_lettered) << "the policy was tightened";
  }
  DeliveryPolicy once;
  once.max_attempts = 1;
  EXPECT_EQ(decided(outcome_of(Verdict::retry), 1, once).next, DeliveryState::dead_lettered);
}

TEST(RetryableStatuses, DecideWhereTheAdapterJudgedByStatusAlone) {
  for (const auto verdict : {Verdict::retry, Verdict::reject}) {
    EXPECT_EQ(decided(outcome_of(verdict, 503, true)).next, DeliveryState::retry_scheduled);
    EXPECT_EQ(decided(outcome_of(verdict, 400, true)).next, DeliveryState::dead_lettered);
    EXPECT_EQ(decided(outcome_of(verdict, 501, true)).next, DeliveryState::dead_lettered);
  }
  DeliveryPolicy policy;
  policy.retryable_statuses = {409};
  EXPECT_EQ(decided(outcome_of(Verdict::reject, 409, true), 1, policy).next, DeliveryState::retry_scheduled);
  EXPECT_EQ(decided(outcome_of(Verdict::retry, 503, true), 1, policy).next, DeliveryState::dead_lettered);
}

TEST(RetryableStatuses, DoNotOverruleAnAdapterThatKnowsMore) {
  EXPECT_EQ(decided(outcome_of(Verdict::reject, 503, false)).next, DeliveryState::dead_lettered);
  EXPECT_EQ(decided(outcome_of(Verdict::retry, 400, false)).next, DeliveryState::retry_scheduled);
  EXPECT_EQ(decided(outcome_of(Verdict::retry, std::nullopt, true)).next, DeliveryState::retry_scheduled);
  EXPECT_EQ(decided(outcome_of(Verdict::disable, 503, true)).next, DeliveryState::dead_lettered);
  EXPECT_EQ(decided(outcome_of(Verdict::delivered, 503, true)).next, DeliveryState::delivered);
}

TEST(RetryAfter, IsHonouredFromTheBackoffToItsOwnMaximum) {
  const DeliveryPolicy policy;  // first backoff 5 s, cap 6 h, longest silence a day
  const auto retry_in = [&](std::chrono::milliseconds asked, Verdict verdict = Verdict::throttle) {
    auto outcome = outcome_of(verdict, 429);
    outcome.retry_after = asked;
    return decided(outcome, 1, policy).retry_in;
  };
  EXPECT_EQ(retry_in(0ms), 5s);
  EXPECT_EQ(retry_in(-1h), 5s);
  EXPECT_EQ(retry_in(4'999ms), 5s);
  EXPECT_EQ(retry_in(5'001ms), 5'001ms);
  EXPECT_EQ(retry_in(6h), 6h);
  EXPECT_EQ(retry_in(24h), 24h);
  EXPECT_EQ(retry_in(24h + 1ms), 24h);
  EXPECT_EQ(retry_in(60s, Verdict::retry), 60s);
}

// Nine attempts are left after the first.
TEST(RetryAfter, BeyondThePatienceOfThePolicyEndsTheDelivery) {
  const DeliveryPolicy policy;
  auto outcome = outcome_of(Verdict::throttle, 429);
  const auto after = [&](std::chrono::milliseconds asked, int attempt, DeadLetterBehaviour behaviour) {
    outcome.retry_after = asked;
    DeliveryPolicy own = policy;
    own.dead_letter = behaviour;
    return decide(own, attempt, outcome, 0.5);
  };
  using Behaviour = DeadLetterBehaviour;
  EXPECT_EQ(after(9 * 24h, 1, Behaviour::always).next, DeliveryState::retry_scheduled);
  EXPECT_EQ(after(9 * 24h, 1, Behaviour::always).retry_in, 24h);
  const auto over = after(9 * 24h + 1ms, 1, Behaviour::on_exhaustion);
  EXPECT_EQ(over.next, DeliveryState::dead_lettered);
  EXPECT_TRUE(over.silence_too_long);
  EXPECT_EQ(over.retry_in, 0ms);
  EXPECT_EQ(after(24h, 9, Behaviour::always).next, DeliveryState::retry_scheduled);
  EXPECT_EQ(after(24h + 1ms, 9, Behaviour::always).next, DeliveryState::dead_lettered);
  EXPECT_EQ(after(std::chrono::milliseconds::max(), 1, Behaviour::never).next, DeliveryState::failed);
  EXPECT_FALSE(after(24h, 10, Behaviour::always).silence_too_long) << "the attempts are used up, as ever";
}

TEST(RetryAfter, IsOfNoAvailToAnExhaustedOrEndedDelivery) {
  auto outcome = outcome_of(Verdict::throttle, 429);
  outcome.retry_after = 60s;
  EXPECT_EQ(decided(outcome, 10).retry_in, 0ms);
  outcome.verdict = Verdict::reject;
  EXPECT_EQ(decided(outcome, 1).retry_in, 0ms);
}

TEST(Backoff, GrowsWithTheAttemptAndIsJittered) {
  const DeliveryPolicy policy;
  EXPECT_EQ(decide(policy, 2, outcome_of(Verdict::retry), 0.5).retry_in, 20s);
  EXPECT_EQ(decide(policy, 2, outcome_of(Verdict::retry), 0.0).retry_in, 16s);
}

TEST(TransportFaults, ThatSentTheBodyLeaveTheResultUnknown) {
  for (const auto fault :
       {TransportFault::name_resolution, TransportFault::connect, TransportFault::tls, TransportFault::timeout,
        TransportFault::reset, TransportFault::protocol, TransportFault::proxy}) {
    HttpResponse response;
    response.fault = fault;
    response.fault_detail = "h.example: it broke";
    EXPECT_EQ(transport_outcome(response).verdict, Verdict::retry);
    response.request_sent = true;
    const auto outcome = transport_outcome(response);
    EXPECT_EQ(outcome.verdict, Verdict::unknown);
    EXPECT_EQ(outcome.reason, to_string(fault));
    EXPECT_EQ(outcome.detail, "h.example: it broke");
    EXPECT_FALSE(outcome.http_status);
  }
}

TEST(TransportFaults, ARefusedAddressIsTerminal) {
  HttpResponse response;
  response.fault = TransportFault::address_refused;
  EXPECT_EQ(transport_outcome(response).verdict, Verdict::reject);
}

class SettlementMaking : public testing::Test {
 protected:
  Settlement make(const Outcome& outcome, int attempts_made = 0, bool interrupted = false) {
    auto event = std::make_shared<Event>();
    event->tenant_id = *TenantId::parse("acme");
    event->event_id = *EventId::parse("e-1");
    event->correlation_id = "c-1";
    event->alert_id = "A-1";
    event->producer = "token:opi_1a2b";
    Claim::Data data;
    data.attempts_made = attempts_made;
    data.event = std::move(event);
    return make_settlement(Claim(std::move(data)), outcome, decided(outcome, attempts_made + 1),
                           {clock.unix_now() - 40ms, 40ms}, interrupted, clock, random);
  }
  test::ManualClock clock;
  test::SeededRandom random{1};
};

TEST_F(SettlementMaking, StoresRedactedAndBoundedTexts) {
  auto outcome = outcome_of(Verdict::reject, 400);
  outcome.reason = "http_400";
  outcome.detail = "refused: password=hunter2 " + std::string(1000, 'x');
  outcome.response_summary = R"({"token":"abc"})";
  const auto settlement = make(outcome, 2);
  const auto& attempt = settlement.attempt();
  EXPECT_EQ(attempt.number, 3);
  EXPECT_EQ(attempt.result, AttemptResult::terminal);
  EXPECT_EQ(attempt.http_status, 400);
  EXPECT_EQ(attempt.reason, "http_400");
  EXPECT_EQ(attempt.error_summary.find("hunter2"), std::string::npos);
  EXPECT_LE(attempt.error_summary.size(), 512u + 2);
  EXPECT_EQ(attempt.response_summary, R"({"token":"[redacted]"})");
  EXPECT_EQ(attempt.duration, 40ms);
}

// Adapters that judge by the status alone give a code and no words.
TEST_F(SettlementMaking, AFailureThatTheAdapterSaysNothingOfTellsWhatCame) {
  auto outcome = outcome_of(Verdict::retry, 503);
  EXPECT_EQ(make(outcome).attempt().error_summary, "the receiver answered 503");
  outcome.response_summary = "down, password=hunter2 " + std::string(1000, 'x');
  const auto summary = make(outcome).attempt().error_summary;
  EXPECT_TRUE(summary.starts_with("the receiver answered 503: down, ")) << summary;
  EXPECT_EQ(summary.find("hunter2"), std::string::npos);
  EXPECT_LE(summary.size(), 512u + 2);
  outcome.detail = "out of order";
  EXPECT_EQ(make(outcome).attempt().error_summary, "out of order");
  EXPECT_EQ(make(outcome_of(Verdict::proceed, 201)).attempt().error_summary, "") << "a step that went well";
  EXPECT_EQ(make(outcome_of(Verdict::unknown), 0, true).attempt().error_summary, "") << "nothing came";
}

TEST_F(SettlementMaking, OnlyTerminalOutcomesAreAudited) {
  EXPECT_FALSE(make(outcome_of(Verdict::retry)).audit_entry());
  const auto delivered = make(outcome_of(Verdict::delivered, 200)).audit_entry();
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->action, audit::Action::delivery_delivered);
  EXPECT_EQ(delivered->tenant.str(), "acme");
  EXPECT_EQ(delivered->correlation_id, "c-1");
  EXPECT_EQ(delivered->actor_kind, audit::ActorKind::system);
  EXPECT_EQ(delivered->details,
            R"({"destination":"00000000-0000-0000-0000-000000000000","event_id":"e-1","attempts":1,"alert_id":"A-1",)"
            R"("producer":"token:opi_1a2b","http_status":200})");
  EXPECT_EQ(make(outcome_of(Verdict::reject)).audit_entry()->action, audit::Action::delivery_dead_lettered);
}

TEST_F(SettlementMaking, ASuccessHasNoErrorAndAnInterruptionSaysSo) {
  auto outcome = outcome_of(Verdict::delivered, 200);
  outcome.reason = "http_200";
  outcome.detail = "fine";
  EXPECT_EQ(make(outcome).attempt().reason, "");
  EXPECT_EQ(make(outcome).attempt().error_summary, "");
  EXPECT_EQ(make(outcome_of(Verdict::unknown), 0, true).attempt().result, AttemptResult::interrupted);
}

TEST_F(SettlementMaking, ReferencesThatNoStoreTakesAreLeftOut) {
  auto outcome = outcome_of(Verdict::delivered, 200);
  const auto ref = [&](std::string text) {
    outcome.external_ref = std::move(text);
    return make(outcome).external_ref();
  };
  EXPECT_EQ(ref("OPS-17"), "OPS-17");
  EXPECT_EQ(ref(std::string(1024, 'x')), std::string(1024, 'x'));
  EXPECT_EQ(ref(std::string(1025, 'x')), "");
  EXPECT_EQ(ref(std::string("a\0b", 3)), "");
  EXPECT_EQ(ref("a\xff"), "");
  outcome.external_url = "https://h.example/" + std::string(2048 - 18, 'x');
  EXPECT_EQ(make(outcome).external_url(), outcome.external_url);
  outcome.external_url += 'x';
  EXPECT_EQ(make(outcome).external_url(), "");
}

}  // namespace
}  // namespace opi::delivery
