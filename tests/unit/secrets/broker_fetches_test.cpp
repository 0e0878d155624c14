#include "broker_fixture.hpp"

namespace opi::secrets {
namespace {

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

// Of ten secrets of one tenant's the store does not say anything.
TEST_F(Broker, OneTenantsReferencesThatGetNoAnswerKeepNobodyElsesFromBeingResolved) {
  const auto made = make();
  auto& broker = *made;
  provider->put("good/key", "value");
  for (std::uint8_t i = 0; i < 10; ++i) {
    const auto name = "bad-" + std::to_string(i);
    provider->refuse(name + "/key", ResolveStatus::unavailable);
    const auto bad = destination({credential(1, "mem://" + name + "/key")}, i);
    bad->tenant_id = *TenantId::parse("globex");
    EXPECT_EQ(states(resolve(broker, bad)), "1 unavailable;");
  }
  EXPECT_EQ(provider->queries().size(), 5u) << "its breaker is open";
  EXPECT_EQ(states(resolve(broker, destination({credential(1, "mem://good/key")}, 100))), "1 resolved;");
}

}  // namespace
}  // namespace opi::secrets
