#include "broker_fixture.hpp"

namespace opi::secrets {
namespace {

TEST_F(Broker, FetchesOnceAndAnswersFromMemoryUntilTheLifetimeEnds) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
  clock.advance(239s);  // 80 % of five minutes are not over
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
  EXPECT_EQ(provider->queries().size(), 1u);
  EXPECT_EQ(provider->queries()[0].tenant, "acme");
}

TEST_F(Broker, RenewsBehindTheCallersBackBeforeTheLifetimeEnds) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  resolve(*broker, d);
  inline_jobs = false;
  clock.advance(240s);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"}) << "at once, from memory";
  EXPECT_EQ(jobs.size(), 1u);
}

TEST_F(Broker, ARotatedValueIsSeenAfterTheLifetime) {
  provider->put("app/key", "secret-1", "v1");
  provider->name_ttl(60s);
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  resolve(*broker, d);
  provider->put("app/key", "secret-2", "v2");
  clock.advance(61s);
  const auto renewed = resolve(*broker, d);
  EXPECT_EQ(values(renewed), (Values{"secret-2", "secret-1"})) << "both sign for one lifetime";
  EXPECT_EQ(renewed->find("signing")->versions[0].version, "1/v2");
  EXPECT_EQ(provider->queries()[1].if_not_version, "v1");
}

TEST_F(Broker, AnUnmodifiedValueIsKeptForAnotherLifetime) {
  provider->put("app/key", "secret-1", "v1");
  provider->name_ttl(60s);
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  resolve(*broker, d);
  clock.advance(61s);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
  clock.advance(40s);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
  EXPECT_EQ(provider->queries().size(), 2u);
}

// The provider's lifetime is clamped to 1 s … 1 h and jittered by a tenth either way.
TEST_F(Broker, LifetimesAreClampedAndJittered) {
  struct Case {
    std::optional<std::chrono::milliseconds> named;
    double chance;
    std::chrono::milliseconds expected;
  };
  for (const auto& [named, chance, expected] :
       {Case{100ms, 0.5, 1s}, Case{100ms, 0.0, 900ms}, Case{1s, 0.5, 1s}, Case{100s, 0.0, 90s}, Case{100s, 0.5, 100s},
        Case{100s, 1.0, 110s}, Case{std::nullopt, 0.5, 300s}, Case{24h, 0.0, 54min}, Case{24h, 0.5, 1h}}) {
    provider = std::make_shared<ScriptedProvider>();
    provider->put("app/key", "secret-1", "");
    provider->name_ttl(named);
    random.place = chance;
    const auto broker = make({.refresh_at = 1.0});
    const auto d = destination({credential(1, "mem://app/key")});
    resolve(*broker, d);
    clock.advance(expected - 1ms);
    resolve(*broker, d);
    EXPECT_EQ(provider->queries().size(), 1u) << expected.count();
    clock.advance(1ms);
    resolve(*broker, d);
    EXPECT_EQ(provider->queries().size(), 2u) << expected.count();
  }
}

TEST_F(Broker, AStaleValueIsServedWhileTheBackendIsUnavailable) {
  provider->put("app/key", "secret-1");
  provider->name_ttl(60s);
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  resolve(*broker, d);
  provider->become(ResolveStatus::unavailable, "down");
  for (int minute = 0; minute < 120; ++minute) {
    clock.advance(60s);
    EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
  }
  provider->become(ResolveStatus::ok);
  provider->put("app/key", "secret-2", "v2");
  clock.advance(60s);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"}) << "nobody waits for a store that was away";
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-2", "secret-1"}));
}

TEST_F(Broker, AValueThatIsGoneOrDeniedIsEvicted) {
  for (const auto status : {ResolveStatus::not_found, ResolveStatus::denied, ResolveStatus::invalid}) {
    provider = std::make_shared<ScriptedProvider>();
    provider->put("app/key", "secret-1");
    provider->name_ttl(60s);
    const auto broker = make();
    const auto d = destination({credential(1, "mem://app/key")});
    resolve(*broker, d);
    provider->become(status, "gone for good");
    clock.advance(61s);
    const auto set = resolve(*broker, d);
    EXPECT_TRUE(values(set).empty());
    EXPECT_EQ(failure(set), "gone for good");
    provider->become(ResolveStatus::unavailable, "down");
    clock.advance(61s);
    EXPECT_TRUE(values(resolve(*broker, d)).empty()) << "nothing stale comes back";
  }
}

TEST_F(Broker, AFailureIsRememberedForItsTimeAndThenTriedAgain) {
  provider->become(ResolveStatus::unavailable, "down");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  EXPECT_EQ(failure(resolve(*broker, d)), "down");
  provider->become(ResolveStatus::ok);
  provider->put("app/key", "secret-1");
  clock.advance(4'999ms);
  EXPECT_EQ(failure(resolve(*broker, d)), "down");
  EXPECT_EQ(provider->queries().size(), 1u);
  clock.advance(1ms);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
}

TEST_F(Broker, AMissingKeyIsLookedForAgainAfterTheTimeOfAFailure) {
  provider->put("app/other", "x", "");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  EXPECT_EQ(failure(resolve(*broker, d)), "the secret has no such key");
  provider->put("app/key", "secret-1", "");
  clock.advance(5s);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
}

TEST_F(Broker, AFormerValueSignsOnForOneLifetimeAndThenGoes) {
  provider->put("app/key", "secret-1", "v1");
  provider->name_ttl(60s);
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  const std::weak_ptr<const Secret> former = resolve(*broker, d)->find("signing")->versions.front().value;
  provider->put("app/key", "secret-2", "v2");
  clock.advance(60s);
  const auto both = resolve(*broker, d);
  EXPECT_EQ(values(both), (Values{"secret-2", "secret-1"})) << "the current one first, which alone authorises";
  EXPECT_FALSE(both->find("signing")->versions[0].former);
  EXPECT_TRUE(both->find("signing")->versions[1].former);
  clock.advance(59'999ms);
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-2", "secret-1"})) << "renewed early without a change";
  clock.advance(1ms);
  resolve(*broker, d);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-2"});
}

}  // namespace
}  // namespace opi::secrets
