#include "delivery/access_tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class Tokens : public testing::Test {
 protected:
  AccessTokens::Wanted wanted(std::int64_t revision = 1, const std::string& version = "1") {
    auto destination = test::destination(1);
    destination.revision = revision;
    destination.authorization = ClientCredentialsAuthorization{"https://id.example/token", "c", "", "", {}};
    return {std::make_shared<const Destination>(destination),
            std::make_shared<const secrets::SecretSet>(),
            {std::make_shared<const secrets::Secret>(std::string_view{"client-secret"}), version},
            nullptr,
            15s};
  }
  void get(const AccessTokens::Wanted& what) {
    tokens.get(what, [this](const AccessTokens::Answer& answer) {
      if (const auto* token = std::get_if<std::shared_ptr<const secrets::Secret>>(&answer)) {
        last = *token;
        const auto bytes = last->reveal();
        answers.emplace_back(bytes.begin(), bytes.end());
      } else if (const auto* failure = std::get_if<Outcome>(&answer)) {
        answers.push_back(failure->reason);
      } else {
        answers.emplace_back("cancelled");
      }
    });
  }
  void get() { get(wanted()); }
  void issue(const std::string& token, const std::string& lifetime = "600") {
    transport.answer(200, R"({"access_token":")" + token + R"(","token_type":"bearer","expires_in":)" + lifetime + "}");
  }
  // A token that is there, and the answers so far forgotten.
  void given(const std::string& lifetime) {
    get();
    issue("t-1", lifetime);
    answers.clear();
  }

  test::ManualClock clock;
  test::SteppedTransport transport;
  AccessTokens tokens{transport, clock};
  std::vector<std::string> answers;
  std::shared_ptr<const secrets::Secret> last;
};

TEST_F(Tokens, GoWithTheirDestination) {
  given("600");
  const std::weak_ptr<const secrets::Secret> held = last;
  last.reset();
  Catalog catalog;
  catalog.destinations[wanted().destination->id] = wanted().destination;
  tokens.keep_only(catalog);
  EXPECT_FALSE(held.expired());
  catalog.destinations[wanted().destination->id] = wanted(2).destination;
  tokens.keep_only(catalog);
  EXPECT_TRUE(held.expired()) << "it was got for what the destination was before";
}

TEST_F(Tokens, AreFetchedOnceAndKept) {
  get();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(transport.under_way[0].request.url, "https://id.example/token");
  issue("t-1");
  get();
  EXPECT_THAT(answers, ElementsAre("t-1", "t-1"));
  EXPECT_TRUE(transport.under_way.empty());
}

TEST_F(Tokens, HaveHalfOfThePatienceAndTenSecondsAtMost) {
  auto short_of_time = wanted();
  short_of_time.patience = 4s;
  get(short_of_time);
  EXPECT_EQ(transport.under_way[0].request.timeout, 2s);
  issue("t-1", "1");
  clock.advance(1min);
  auto patient = wanted();
  patient.patience = 2min;
  get(patient);
  EXPECT_EQ(transport.under_way[0].request.timeout, 10s);
}

TEST_F(Tokens, OneFetchServesAllWhoWait) {
  for (int i = 0; i < 5; ++i) get();
  EXPECT_EQ(transport.under_way.size(), 1u);
  EXPECT_THAT(answers, testing::IsEmpty());
  issue("t-1");
  EXPECT_THAT(answers, ElementsAre("t-1", "t-1", "t-1", "t-1", "t-1"));
}

TEST_F(Tokens, AreRenewedAheadOfTheirEndWhileTheOldOneServes) {
  given("600");
  clock.advance(480s - 1ms);
  get();
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(1ms);
  get();
  get();
  EXPECT_EQ(transport.under_way.size(), 1u);
  EXPECT_THAT(answers, ElementsAre("t-1", "t-1", "t-1"));
  issue("t-2");
  get();
  EXPECT_EQ(answers.back(), "t-2");
}

TEST_F(Tokens, AreNotUsedShortlyBeforeTheirEnd) {
  given("600");
  clock.advance(570s - 1ms);
  get();
  EXPECT_THAT(answers, ElementsAre("t-1"));
  clock.advance(1ms);
  get();
  EXPECT_EQ(answers.size(), 1u) << "waits for the next one";
  issue("t-2");
  EXPECT_THAT(answers, ElementsAre("t-1", "t-2"));
}

TEST_F(Tokens, TheLifetimeCountsFromTheQuestion) {
  get();
  clock.advance(5s);
  issue("t-1", "600");
  clock.advance(565s);
  get();
  EXPECT_EQ(answers.size(), 1u) << "570 seconds after the question this one is not used any more";
}

TEST_F(Tokens, LifetimesAreClampedAndHaveADefault) {
  const std::pair<const char*, std::chrono::seconds> lifetimes[] = {
      {"null", 270s}, {"999999999999999999", 86'370s}, {"-5", 0s}, {"0", 0s}};
  for (const auto& [said, usable] : lifetimes) {
    clock.advance(48h);
    given(said);
    clock.advance(std::max<std::chrono::milliseconds>(usable, 900ms) - 1ms);
    get();
    EXPECT_THAT(answers, ElementsAre("t-1")) << said;
    if (!transport.under_way.empty()) issue("t-1", said);  // it was renewed beside
    clock.advance(24h);
    get();
    EXPECT_EQ(answers.size(), 1u) << said;
    issue("t-2", "1");
    answers.clear();
  }
}

TEST_F(Tokens, ARefusedOneIsFetchedAgainOnce) {
  given("600");
  get();
  const auto refused = last;
  tokens.invalidate(test::destination_id(1), *refused);
  get();
  ASSERT_EQ(transport.under_way.size(), 1u);
  issue("t-2");
  EXPECT_EQ(answers.back(), "t-2");
  tokens.invalidate(test::destination_id(1), *refused);  // a late answer to the old one
  get();
  EXPECT_EQ(answers.back(), "t-2");
  EXPECT_TRUE(transport.under_way.empty());
}

TEST_F(Tokens, AnotherRevisionOrSecretGetsATokenOfItsOwn) {
  given("600");
  get(wanted(2));
  ASSERT_EQ(transport.under_way.size(), 1u);
  issue("t-2");
  get(wanted(2, "2"));
  ASSERT_EQ(transport.under_way.size(), 1u);
  issue("t-3");
  EXPECT_THAT(answers, ElementsAre("t-2", "t-3"));
}

TEST_F(Tokens, WhoWaitsWithAnotherRevisionDoesNotGetThisOne) {
  get(wanted(1));
  get(wanted(2));
  issue("t-1");
  EXPECT_THAT(answers, ElementsAre("t-1"));
  ASSERT_EQ(transport.under_way.size(), 1u);
  issue("t-2");
  EXPECT_THAT(answers, ElementsAre("t-1", "t-2"));
}

TEST_F(Tokens, AFailureIsRememberedForASecond) {
  get();
  get();
  transport.answer(503);
  EXPECT_THAT(answers, ElementsAre("token_request_refused", "token_request_refused"));
  clock.advance(999ms);
  get();
  EXPECT_EQ(answers.size(), 3u);
  EXPECT_TRUE(transport.under_way.empty());
  clock.advance(1ms);
  get();
  ASSERT_EQ(transport.under_way.size(), 1u);
  issue("t-1");
  EXPECT_EQ(answers.back(), "t-1");
}

TEST_F(Tokens, AFailedRenewalLeavesTheOldOneInUse) {
  given("600");
  clock.advance(500s);
  get();
  transport.fail(TransportFault::connect, false);
  get();
  EXPECT_TRUE(transport.under_way.empty()) << "not again within the second";
  EXPECT_THAT(answers, ElementsAre("t-1", "t-1"));
}

TEST_F(Tokens, AStoppingTransportIsNoFailure) {
  get();
  transport.fail(TransportFault::cancelled, true);
  EXPECT_THAT(answers, ElementsAre("cancelled"));
  get();
  EXPECT_EQ(transport.under_way.size(), 1u) << "nothing is remembered";
}

}  // namespace
}  // namespace opi::delivery
