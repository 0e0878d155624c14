#include "secrets/secret_broker.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <thread>

#include "domain/receiver.hpp"
#include "scripted_provider.hpp"
#include "secrets/signing_key.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::secrets {
namespace {

using namespace std::chrono_literals;

class SilentLogger final : public telemetry::Logger {
 public:
  void log(telemetry::Level, std::string_view, std::initializer_list<telemetry::Field>) override {}
  [[nodiscard]] bool enabled(telemetry::Level) const override { return false; }
};

// Always the middle or the given place of the jitter.
class FixedRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{0}); }
  double uniform() override { return place; }
  double place = 0.5;
};

// A thread for each call, as long as the test lasts.
class Threads {
 public:
  SecretBroker::Executor executor() {
    return [this](std::function<void()> blocking, std::function<void()> after) {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([blocking = std::move(blocking), after = std::move(after)] { blocking(), after(); });
    };
  }
  // Of all calls, and of those that they bring about.
  void join() {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (threads_.empty()) return;
      auto thread = std::move(threads_.front());
      threads_.pop_front();
      lock.unlock();
      thread.join();
    }
  }
  ~Threads() { join(); }

 private:
  std::mutex mutex_;
  std::deque<std::thread> threads_;
};

class Broker : public testing::Test {
 protected:
  using SetPointer = std::shared_ptr<const SecretSet>;

  // Jobs wait until the test runs them, unless `inline_jobs`.
  std::unique_ptr<SecretBroker> make(SecretBroker::Options options = {}) {
    providers.replace({provider});
    return std::make_unique<SecretBroker>(
        providers,
        [this](std::function<void()> blocking, std::function<void()> after) {
          if (inline_jobs) return blocking(), after();
          jobs.push_back([blocking = std::move(blocking), after = std::move(after)] { blocking(), after(); });
        },
        clock, random, metrics, logger, options);
  }
  void run_one_job() {
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job();
  }
  void run_jobs() {
    while (!jobs.empty()) run_one_job();
  }
  static Credential credential(int version, std::string reference, std::optional<UnixTime> expires = std::nullopt,
                               std::string purpose = "signing") {
    return {std::move(purpose), version, std::move(reference), expires, {}};
  }
  std::shared_ptr<Destination> destination(std::vector<Credential> credentials, std::uint8_t id = 1) {
    auto d = std::make_shared<Destination>();
    d->tenant_id = *TenantId::parse("acme");
    d->id.value.bytes[15] = id;
    d->credentials = std::move(credentials);
    d->revision = 1;
    bind_credentials(*d);
    return d;
  }
  SetPointer resolve(SecretBroker& broker, const std::shared_ptr<const Destination>& d) {
    SetPointer got;
    broker.resolve(d, [&](SetPointer set) { got = std::move(set); });
    return got;
  }
  static std::vector<std::string> values(const SetPointer& set, std::string_view purpose = "signing") {
    std::vector<std::string> result;
    for (const auto& version : set->find(purpose)->versions) {
      const auto bytes = version.value->reveal();
      result.emplace_back(bytes.begin(), bytes.end());
    }
    return result;
  }
  static std::string failure(const SetPointer& set) { return set->find("signing")->failure; }

  using Values = std::vector<std::string>;
  test::ManualClock clock;
  FixedRandom random;
  SilentLogger logger;
  telemetry::Metrics metrics;
  std::shared_ptr<ScriptedProvider> provider = std::make_shared<ScriptedProvider>();
  SecretProviders providers;
  std::deque<std::function<void()>> jobs;
  bool inline_jobs = true;
  std::int64_t revision = 0;
};

TEST_F(Broker, ASecretThatWasPutForAnotherReceiverIsNotEvenLookedFor) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  auto d = destination({credential(1, "mem://app/key")});
  d->endpoint = "https://elsewhere.example/";
  const auto set = resolve(*broker, d);
  EXPECT_EQ(values(set), Values{});
  EXPECT_EQ(failure(set), "it was put for another receiver");
  EXPECT_EQ(set->credentials.front().state, CredentialState::unbound);
  EXPECT_TRUE(provider->queries().empty());
}

TEST_F(Broker, ASigningSecretThatIsNoKeyIsUnusableAndTheOthersGoOn) {
  provider->put("app/old", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  provider->put("app/new", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS_");
  const auto broker = make();
  const auto set = resolve(*broker, destination({credential(1, "mem://app/old"), credential(2, "mem://app/new")}));
  ASSERT_EQ(set->credentials.size(), 2u);
  EXPECT_EQ(set->credentials[0].state, CredentialState::unusable);
  EXPECT_EQ(set->credentials[1].state, CredentialState::resolved);
  EXPECT_EQ(values(set), Values{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
  EXPECT_EQ(failure(set), not_a_signing_key);
}

TEST_F(Broker, WhatIsNotForSigningNeedsToBeNoKey) {
  provider->put("app/key", "whsec_no-key_but-a-bearer");
  const auto broker = make();
  auto one = credential(1, "mem://app/key");
  one.purpose = "authorization";
  EXPECT_EQ(resolve(*broker, destination({one}))->credentials.front().state, CredentialState::resolved);
}

TEST_F(Broker, LetsGoOfWhatNoDestinationRefersTo) {
  for (const char* name : {"one/key", "two/key", "gone/key"}) provider->put(name, name);
  const auto broker = make();
  auto d = destination({credential(2, "mem://two/key"), credential(1, "mem://one/key")});
  const auto other = destination({credential(1, "mem://gone/key")}, 2);
  std::vector<std::weak_ptr<const Secret>> held;
  for (const auto& one : {d, other}) {
    const auto set = resolve(*broker, one);
    for (const auto& version : set->find("signing")->versions) held.emplace_back(version.value);
  }
  const auto which = [&] {
    std::string all;
    for (const auto& one : held) all += one.expired() ? '-' : '+';
    return all;
  };
  Catalog catalog;
  catalog.destinations = {{d->id, d}, {other->id, other}};
  broker->keep_only(catalog);
  EXPECT_EQ(which(), "+++");
  catalog.destinations.erase(other->id);
  broker->keep_only(catalog);
  EXPECT_EQ(which(), "++-") << "the destination is gone";
  auto revoked = std::make_shared<Destination>(*d);
  revoked->credentials.pop_back();
  revoked->revision = 2;
  catalog.destinations[d->id] = revoked;
  broker->keep_only(catalog);
  EXPECT_EQ(which(), "+--") << "the reference is gone";
}

TEST_F(Broker, ADestinationThatGoesWhileItIsResolvedLeavesNothing) {
  provider->put("app/key", "secret-1");
  inline_jobs = false;
  const auto broker = make();
  std::weak_ptr<const Secret> held;
  broker->resolve(destination({credential(1, "mem://app/key")}),
                  [&](const SetPointer& set) { held = set->find("signing")->versions.front().value; });
  broker->keep_only({});
  run_jobs();
  EXPECT_TRUE(held.expired());
}

TEST_F(Broker, ARenewalThatWasUnderWayKeepsNothingOfTheOldRevision) {
  provider->put("app/key", "secret-1");
  provider->put("new/key", "secret-2");
  inline_jobs = false;
  const auto broker = make();
  std::weak_ptr<const Secret> held;
  broker->resolve(destination({credential(1, "mem://app/key")}),
                  [&](const SetPointer& set) { held = set->find("signing")->versions.front().value; });
  const auto changed = destination({credential(2, "mem://new/key")});
  changed->revision = 2;
  Catalog catalog;
  catalog.destinations = {{changed->id, changed}};
  broker->keep_only(catalog);
  run_jobs();
  EXPECT_TRUE(held.expired());
  inline_jobs = true;
  EXPECT_EQ(values(resolve(*broker, changed)), Values{"secret-2"});
}

TEST_F(Broker, KnowsASecretHoweverItIsNamed) {
  const auto broker = make();
  const auto acme = *TenantId::parse("acme");
  EXPECT_TRUE(broker->is_same_secret("mem://app/key", "mem://app/key", acme));
  EXPECT_TRUE(broker->is_same_secret("mem://app/key", "mem://app/key/7", acme)) << "of another version";
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "mem://app/other", acme));
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "mem://bpp/key", acme));
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "mem://malformed", acme));
  EXPECT_FALSE(broker->is_same_secret("mem://app/key", "other://app/key", acme));
  EXPECT_TRUE(broker->is_same_secret("gone://app/key", "gone://app/key", acme)) << "whose provider is away";
}

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

TEST_F(Broker, ProvidersComeChangeAndGoWhileItRuns) {
  inline_jobs = false;
  const auto broker = make();
  providers.replace({});
  const auto ask = [&](std::uint8_t id) {
    SetPointer got;
    broker->resolve(destination({credential(1, "mem://app/key")}, id), [&](SetPointer set) { got = std::move(set); });
    run_jobs();
    return got;
  };
  EXPECT_EQ(failure(ask(1)), "no secret provider for the reference's scheme is loaded");
  provider->put("app/key", "secret-1");
  providers.replace({provider});
  EXPECT_EQ(values(ask(2)), Values{"secret-1"});
  const std::weak_ptr<ScriptedProvider> former = provider;
  provider = std::make_shared<ScriptedProvider>();
  provider->put("app/key", "secret-2", "v2");
  providers.replace({provider});
  EXPECT_TRUE(former.expired()) << "nobody holds a provider that is replaced";
  EXPECT_EQ(values(ask(3)), Values{"secret-1"}) << "what was fetched lives its life";
  clock.advance(301s);
  EXPECT_EQ(values(ask(3)), (Values{"secret-2", "secret-1"}));
}

TEST_F(Broker, AFetchUnderWayKeepsItsProvider) {
  provider->put("app/key", "secret-1");
  provider->block(true);
  providers.replace({provider});
  Threads threads;
  SecretBroker broker(providers, threads.executor(), clock, random, metrics, logger, {});
  SetPointer got;
  broker.resolve(destination({credential(1, "mem://app/key")}), [&](SetPointer set) { got = std::move(set); });
  ASSERT_TRUE(provider->wait_until_inside(1));
  providers.replace({});
  provider->block(false);
  const std::weak_ptr<ScriptedProvider> former = std::exchange(provider, nullptr);
  threads.join();
  EXPECT_EQ(values(got), Values{"secret-1"});
  EXPECT_TRUE(former.expired());
}

TEST_F(Broker, TellsHowItStandsWithEachCredential) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto now = clock.unix_now();
  const auto states = [&](std::vector<Credential> credentials) {
    std::string all;
    const auto d = destination(std::move(credentials));
    d->revision = ++revision;
    for (const auto& one : resolve(*broker, d)->credentials)
      all += std::to_string(one.version) + " " + std::string(to_string(one.state)) + ";";
    return all;
  };
  EXPECT_EQ(states({credential(1, "mem://app/key", now + 1h), credential(2, "mem://app/other"),
                    credential(3, "mem://app/key", now)}),
            "3 expired;2 missing;1 resolved;");
  provider->become(ResolveStatus::unavailable);
  EXPECT_EQ(states({credential(1, "mem://app/key"), credential(2, "mem://new/key")}), "2 unavailable;1 resolved;")
      << "a known value is still served";
  EXPECT_EQ(states({credential(1, "mem://malformed"), credential(2, "k8s://a/b/c")}), "2 unavailable;1 denied;");
  for (const auto& [status, expected] :
       {std::pair{ResolveStatus::not_found, "1 missing;"}, std::pair{ResolveStatus::denied, "1 denied;"},
        std::pair{ResolveStatus::invalid, "1 unusable;"}}) {
    provider->become(status);
    EXPECT_EQ(states({credential(1, "mem://fresh" + std::to_string(revision) + "/key")}), expected);
  }
}

TEST_F(Broker, TellsWhatIsWrongWithAReferenceWithoutLookingForIt) {
  const auto broker = make();
  const auto tenant = *TenantId::parse("acme");
  EXPECT_EQ(broker->reference_fault("mem://app/key", tenant), std::nullopt);
  EXPECT_EQ(broker->reference_fault("mem://app", tenant), "the reference has no key");
  EXPECT_EQ(broker->reference_fault("k8s://a/b/c", tenant), "no secret provider for the reference's scheme is loaded");
  EXPECT_TRUE(provider->queries().empty());
}

TEST_F(Broker, AnswersLaterFromTheExecutorIfNothingIsKnown) {
  inline_jobs = false;
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  SetPointer first, second;
  broker->resolve(d, [&](SetPointer set) { first = std::move(set); });
  broker->resolve(d, [&](SetPointer set) { second = std::move(set); });
  EXPECT_FALSE(first);
  EXPECT_EQ(jobs.size(), 1u) << "one renewal serves all who wait";
  run_jobs();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(values(first), Values{"secret-1"});
  EXPECT_EQ(provider->queries().size(), 1u);
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

TEST_F(Broker, OneFetchAtATimePerResource) {
  provider->put("app/a", "secret-a");
  provider->put("app/b", "secret-b");
  provider->block(true);
  Threads threads;
  providers.replace({provider});
  SecretBroker broker(providers, threads.executor(), clock, random, metrics, logger, {});
  std::atomic<int> answered = 0;
  const auto first = destination({credential(1, "mem://app/a")}, 1),
             second = destination({credential(1, "mem://app/b")}, 2);
  broker.resolve(first, [&](const SetPointer& set) { answered += values(set) == Values{"secret-a"}; });
  ASSERT_TRUE(provider->wait_until_inside(1));
  broker.resolve(second, [&](const SetPointer& set) { answered += values(set) == Values{"secret-b"}; });
  broker.resolve(first, [&](const SetPointer& set) { answered += values(set) == Values{"secret-a"}; });
  provider->block(false);
  threads.join();
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(provider->most_inside(), 1);
  ASSERT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(provider->queries()[1].keys, (Values{"b", "a"})) << "all keys of a resource come from one version";
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

TEST_F(Broker, RotationKeepsTwoLiveVersionsCurrentFirst) {
  provider->put("app/new", "secret-new");
  provider->put("app/old", "secret-old");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/old", clock.unix_now() + 100s), credential(2, "mem://app/new")});
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-new", "secret-old"}));
  clock.advance(99'999ms);
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-new", "secret-old"}));
  clock.advance(1ms);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-new"}) << "expired ones go although they are cached";
}

TEST_F(Broker, AnExpiredOnlyVersionIsAFailureThatSaysSo) {
  provider->put("app/old", "secret-old");
  const auto broker = make();
  const auto set = resolve(*broker, destination({credential(1, "mem://app/old", clock.unix_now())}));
  EXPECT_TRUE(values(set).empty());
  EXPECT_EQ(failure(set), "the credential has expired");
  EXPECT_TRUE(provider->queries().empty());
}

TEST_F(Broker, PurposesAreKeptApartAndOneFailureSparesTheOthers) {
  provider->put("app/sign", "secret-s");
  const auto broker = make();
  const auto set = resolve(
      *broker, destination({credential(1, "mem://app/sign"), credential(1, "vault://x/y", std::nullopt, "bearer"),
                            credential(1, "mem://nokey", std::nullopt, "basic")}));
  EXPECT_EQ(values(set), Values{"secret-s"});
  EXPECT_EQ(set->find("bearer")->failure, "no secret provider for the reference's scheme is loaded");
  EXPECT_EQ(set->find("basic")->failure, "the reference has no key");
  EXPECT_EQ(set->find("absent"), nullptr);
}

TEST_F(Broker, InvalidateFetchesAnew) {
  provider->put("app/key", "secret-1", "v1");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  resolve(*broker, d);
  provider->put("app/key", "secret-2", "v2");
  broker->invalidate(*d);
  EXPECT_EQ(values(resolve(*broker, d)), (Values{"secret-2", "secret-1"}));
  resolve(*broker, d);
  EXPECT_EQ(provider->queries().size(), 2u);
  clock.advance(999ms);
  broker->invalidate(*d);
  resolve(*broker, d);
  EXPECT_EQ(provider->queries().size(), 2u) << "however often it is refused";
  clock.advance(1ms);
  broker->invalidate(*d);
  resolve(*broker, d);
  EXPECT_EQ(provider->queries().size(), 3u);
}

TEST_F(Broker, WhatOneDestinationsRefusalBroughtIsKnownToTheOthers) {
  provider->put("app/key", "secret-1", "v1");
  const auto broker = make();
  const auto one = destination({credential(1, "mem://app/key")}, 1),
             other = destination({credential(1, "mem://app/key")}, 2);
  resolve(*broker, one);
  resolve(*broker, other);
  provider->put("app/key", "secret-2", "v2");
  broker->invalidate(*one);
  EXPECT_EQ(values(resolve(*broker, one)).front(), "secret-2");
  broker->invalidate(*other);
  EXPECT_EQ(values(resolve(*broker, other)).front(), "secret-2") << "within the pause";
  EXPECT_EQ(provider->queries().size(), 2u);
}

TEST_F(Broker, InvalidateDoesNotWaitForAFetchAndOutlivesIt) {
  provider->put("app/key", "secret-1", "v1");
  Threads threads;
  providers.replace({provider});
  SecretBroker broker(providers, threads.executor(), clock, random, metrics, logger, {});
  const auto d = destination({credential(1, "mem://app/key")});
  provider->block(true);
  broker.resolve(d, [](const SetPointer&) {});
  ASSERT_TRUE(provider->wait_until_inside(1));
  broker.invalidate(*d);  // would hang here for ever if it waited
  provider->block(false);
  threads.join();
  EXPECT_EQ(provider->queries().size(), 2u) << "what was fetched meanwhile is not trusted";
  provider->put("app/key", "secret-2", "v2");
  SetPointer got;
  clock.advance(1s);
  broker.invalidate(*d);
  broker.resolve(d, [&](SetPointer set) { got = std::move(set); });
  threads.join();
  EXPECT_EQ(values(got), (Values{"secret-2", "secret-1"}));
}

TEST_F(Broker, AChangedDestinationIsNotGivenItsFormerSecrets) {
  inline_jobs = false;
  provider->put("app/old", "secret-old");
  provider->put("app/new", "secret-new");
  const auto broker = make();
  const auto before = destination({credential(1, "mem://app/old")});
  const auto after = destination({credential(2, "mem://app/new")});
  after->revision = 2;
  SetPointer first, second;
  broker->resolve(before, [&](SetPointer set) { first = std::move(set); });
  broker->resolve(after, [&](SetPointer set) { second = std::move(set); });
  run_jobs();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(values(first), Values{"secret-old"});
  EXPECT_EQ(values(second), Values{"secret-new"});
}

TEST_F(Broker, TenantsDoNotShareWhatWasFetched) {
  provider->put("app/key", "secret-1");
  const auto broker = make();
  const auto mine = destination({credential(1, "mem://app/key")}, 1),
             theirs = destination({credential(1, "mem://app/key")}, 2);
  theirs->tenant_id = *TenantId::parse("globex");
  resolve(*broker, mine);
  resolve(*broker, theirs);
  ASSERT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(provider->queries()[1].tenant, "globex");
}

// What a provider or a callback throws.
class Throwing final : public SecretProvider {
 public:
  [[nodiscard]] std::string_view scheme() const override { return "mem"; }
  [[nodiscard]] SecretReference parse(std::string_view, const TenantId&) const override {
    if (in_parse) throw std::bad_alloc();
    return {"mem", {"app"}, "key", ""};
  }
  ResolveResult resolve(const ResolveQuery&) override {
    if (in_resolve) throw std::bad_alloc();
    ResolveResult result;
    result.status = ResolveStatus::ok;
    result.values = {std::make_shared<const Secret>(std::string_view{"secret-1"})};
    return result;
  }
  bool in_parse = false, in_resolve = false;
};

TEST_F(Broker, AnExceptionNeverLeavesADestinationStuck) {
  const auto thrower = std::make_shared<Throwing>();
  const auto broker = make();
  providers.replace({thrower});
  const auto d = destination({credential(1, "mem://app/key")});
  thrower->in_parse = true;
  EXPECT_EQ(failure(resolve(*broker, d)), "the secret provider failed");
  thrower->in_parse = false;
  thrower->in_resolve = true;
  clock.advance(5s);
  EXPECT_EQ(failure(resolve(*broker, d)), "the secret provider failed");
  thrower->in_resolve = false;
  clock.advance(5s);
  EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-1"});
}

TEST_F(Broker, ACallbackThatThrowsSparesTheOthersWhoWait) {
  provider->put("app/key", "secret-1");
  inline_jobs = false;
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  SetPointer got;
  broker->resolve(d, [](const SetPointer&) { throw std::runtime_error("no"); });
  broker->resolve(d, [&](SetPointer set) { got = std::move(set); });
  run_jobs();
  ASSERT_TRUE(got);
  EXPECT_EQ(values(got), Values{"secret-1"});
}

TEST_F(Broker, WithoutAThreadItSaysSoAndTriesAgain) {
  provider->put("app/key", "secret-1");
  providers.replace({provider});
  bool none = true;
  SecretBroker broker(providers,
                      [&](const std::function<void()>& blocking, const std::function<void()>& after) {
                        if (none) throw std::system_error(EAGAIN, std::generic_category());
                        blocking(), after();
                      },
                      clock, random, metrics, logger, {});
  const auto d = destination({credential(1, "mem://app/key")});
  EXPECT_EQ(resolve(broker, d)->credentials.front().state, CredentialState::unavailable);
  none = false;
  clock.advance(5s);
  EXPECT_EQ(values(resolve(broker, d)), Values{"secret-1"});
}

// Four at a time of one provider; what is overdue is nobody's to wait for, and one fetch of a resource at a time.
TEST_F(Broker, NobodyWaitsForAFetchThatDoesNotComeBack) {
  provider->put("app/key", "secret-1");
  inline_jobs = false;
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  SetPointer got;
  broker->resolve(d, [&](SetPointer set) { got = std::move(set); });
  run_one_job();  // it reads the reference; the fetch that follows hangs
  ASSERT_EQ(jobs.size(), 1u);
  clock.advance(5'500ms);
  broker->run_once();
  ASSERT_TRUE(got);
  EXPECT_EQ(failure(got), "the secret provider did not answer in time");
  clock.advance(5s);
  got = nullptr;
  broker->resolve(d, [&](SetPointer set) { got = std::move(set); });
  ASSERT_TRUE(got) << "at once";
  EXPECT_EQ(failure(got), "the secret provider did not answer in time");
  EXPECT_EQ(jobs.size(), 1u) << "it is not asked again before it has come back";
  run_jobs();
  clock.advance(5s);
  broker->resolve(d, [&](SetPointer set) { got = std::move(set); });
  run_jobs();
  EXPECT_EQ(values(got), Values{"secret-1"});
}

TEST_F(Broker, AProviderThatTookTheHangingOnesPlaceIsAsked) {
  provider->put("app/key", "secret-1");
  inline_jobs = false;
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")});
  SetPointer got;
  broker->resolve(d, [&](SetPointer set) { got = std::move(set); });
  run_one_job();
  clock.advance(5'500ms);
  broker->run_once();
  EXPECT_EQ(values(got), Values{});
  const auto hanging = std::exchange(jobs, {});
  provider = std::make_shared<ScriptedProvider>();
  provider->put("app/key", "secret-2");
  providers.replace({provider});
  clock.advance(5s);
  broker->resolve(d, [&](SetPointer set) { got = std::move(set); });
  run_jobs();
  EXPECT_EQ(values(got), Values{"secret-2"});
  for (const auto& late : hanging) late();
  broker->resolve(destination({credential(1, "mem://app/key")}, 2), [&](SetPointer set) { got = std::move(set); });
  run_jobs();
  EXPECT_EQ(values(got), Values{"secret-2"}) << "what comes late does not count";
}

TEST_F(Broker, DestinationsThatShareAResourceShareItsFetch) {
  for (const char* key : {"app/a", "app/b"}) provider->put(key, key);
  inline_jobs = false;
  const auto broker = make();
  int answered = 0;
  for (std::uint8_t id = 1; id <= 8; ++id)
    broker->resolve(destination({credential(1, "mem://app/a")}, id),
                    [&](const SetPointer& set) { answered += values(set) == Values{"app/a"}; });
  run_jobs();
  EXPECT_EQ(answered, 8);
  EXPECT_EQ(provider->queries().size(), 1u);
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

TEST_F(Broker, AFormerValueIsInNobodysMemoryAfterItsTime) {
  provider->put("app/key", "secret-1", "v1");
  provider->name_ttl(60s);
  const auto broker = make();
  const auto d = destination({credential(1, "mem://app/key")}, 1),
             idle = destination({credential(1, "mem://app/key")}, 2);
  const std::weak_ptr<const Secret> former = resolve(*broker, d)->find("signing")->versions.front().value;
  resolve(*broker, idle);
  provider->put("app/key", "secret-2", "v2");
  clock.advance(60s);
  resolve(*broker, d);
  clock.advance(59'999ms);
  broker->run_once();
  EXPECT_FALSE(former.expired());
  clock.advance(1ms);
  broker->run_once();
  EXPECT_TRUE(former.expired()) << "though nobody has been delivered to since";
  EXPECT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(values(resolve(*broker, idle)), Values{"secret-2"});
}

TEST_F(Broker, AValueThatTheStoreTookAwayIsInNobodysMemory) {
  for (const bool key_alone : {false, true}) {
    provider = std::make_shared<ScriptedProvider>();
    provider->put("app/key", "secret-1");
    const auto broker = make();
    const auto d = destination({credential(1, "mem://app/key")}, 1),
               idle = destination({credential(1, "mem://app/key")}, 2);
    const std::weak_ptr<const Secret> value = resolve(*broker, d)->find("signing")->versions.front().value;
    resolve(*broker, idle);
    if (key_alone)
      provider->remove("app/key");
    else
      provider->become(ResolveStatus::denied);
    broker->invalidate(*d);
    resolve(*broker, d);
    broker->run_once();
    EXPECT_TRUE(value.expired()) << key_alone;
  }
}

TEST_F(Broker, AFormerValueGoesAtOnceWhenTheStoreSaysNoOrTheReferenceChanges) {
  for (const auto status : {ResolveStatus::not_found, ResolveStatus::denied, ResolveStatus::ok}) {
    provider = std::make_shared<ScriptedProvider>();
    provider->put("app/key", "secret-1", "v1");
    provider->put("app/other", "secret-3", "v1");
    const auto broker = make();
    auto d = destination({credential(1, "mem://app/key")});
    const std::weak_ptr<const Secret> former = resolve(*broker, d)->find("signing")->versions.front().value;
    provider->put("app/key", "secret-2", "v2");
    broker->invalidate(*d);
    EXPECT_EQ(values(resolve(*broker, d)).size(), 2u);
    clock.advance(1s);
    if (status == ResolveStatus::ok) {
      auto changed = std::make_shared<Destination>(*d);
      changed->credentials = {credential(1, "mem://app/other")};
      changed->revision = 2;
      bind_credentials(*changed);
      d = changed;
      EXPECT_EQ(values(resolve(*broker, d)), Values{"secret-3"});
    } else {
      provider->become(status);
      broker->invalidate(*d);
      EXPECT_EQ(values(resolve(*broker, d)), Values{});
    }
    EXPECT_TRUE(former.expired()) << "nobody has it any more";
  }
}

TEST_F(Broker, RefreshFetchesWhatIsInMemoryAndTellsWhatBecameOfIt) {
  for (const char* key : {"one/key", "two/key"}) provider->put(key, key, "v1");
  const auto broker = make();
  const auto first = destination({credential(1, "mem://one/key")}, 1),
             second = destination({credential(1, "mem://two/key")}, 2);
  resolve(*broker, first);
  resolve(*broker, second);
  const auto refresh = [&](const SecretBroker::Scope& scope) {
    std::string said = "nothing";
    broker->refresh(scope, [&](const SecretBroker::Refreshed& r) {
      said = std::to_string(r.destinations) + " " + std::to_string(r.changed) + " " + std::to_string(r.unresolved) +
             " " + std::to_string(r.unanswered);
    });
    return said;
  };
  provider->put("two/key", "another", "v2");
  EXPECT_EQ(refresh({{}, "mem://three/key"}), "0 0 0 0");
  EXPECT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(refresh({first->id, {}}), "1 0 0 0");
  EXPECT_EQ(provider->queries().size(), 3u);
  EXPECT_EQ(refresh({{}, "mem://two/key"}), "1 1 0 0");
  EXPECT_EQ(values(resolve(*broker, second)).front(), "another");
  EXPECT_EQ(refresh({}), "2 0 0 0");
  EXPECT_EQ(refresh({{}, "mem://two/key/7"}), "1 0 0 0") << "however it is spelled";
  provider->become(ResolveStatus::unavailable);
  EXPECT_EQ(refresh({}), "2 0 0 2") << "nothing was fetched";
  provider->become(ResolveStatus::denied);
  EXPECT_EQ(refresh({}), "2 2 2 0");
}

TEST_F(Broker, RefreshTellsOfEveryVersionThatSignsAndOfEveryCredential) {
  for (const char* key : {"old/key", "new/key"}) provider->put(key, key, "v1");
  const auto broker = make();
  const auto d = destination({credential(1, "mem://old/key", clock.unix_now() + 1h), credential(2, "mem://new/key")});
  resolve(*broker, d);
  SecretBroker::Refreshed said;
  const auto refresh = [&] { broker->refresh({}, [&](const SecretBroker::Refreshed& r) { said = r; }); };
  provider->put("old/key", "another", "v2");
  refresh();
  EXPECT_EQ(said.changed, 1);
  refresh();
  EXPECT_EQ(said.changed, 0);
  provider->remove("old/key", "v3");
  refresh();
  EXPECT_EQ(said.changed, 1);
  EXPECT_EQ(said.unresolved, 1) << "the current one resolves, and the other does not";
  clock.advance(1h);
  refresh();
  EXPECT_EQ(said.unresolved, 0) << "what has expired is not looked for";
}

TEST_F(Broker, AReferenceThatIsReadSaysNothingOfTheStore) {
  provider->put("app/key", "secret-1");
  provider->become(ResolveStatus::unavailable);
  const auto broker = make({.negative_ttl = 1ms});
  // Five fetches fail in a row, though references are read in between.
  for (std::uint8_t id = 1; id <= 5; ++id)
    resolve(*broker, destination({credential(1, "mem://r" + std::to_string(id) + "/key")}, id));
  EXPECT_EQ(provider->queries().size(), 5u);
  resolve(*broker, destination({credential(1, "mem://r6/key")}, 6));
  EXPECT_EQ(provider->queries().size(), 5u) << "the breaker is open";
}

}  // namespace
}  // namespace opi::secrets
