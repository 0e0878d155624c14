#include "broker_fixture.hpp"

namespace opi::secrets {
namespace {

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
      said = std::to_string(r.destinations) + " " + std::to_string(r.changed) + " " + std::to_string(r.added) + " " +
             std::to_string(r.unresolved) + " " + std::to_string(r.unanswered);
    });
    return said;
  };
  provider->put("two/key", "another", "v2");
  EXPECT_EQ(refresh({{}, "mem://three/key"}), "0 0 0 0 0");
  EXPECT_EQ(provider->queries().size(), 2u);
  EXPECT_EQ(refresh({first->id, {}}), "1 0 0 0 0");
  EXPECT_EQ(provider->queries().size(), 3u);
  EXPECT_EQ(refresh({{}, "mem://two/key"}), "1 1 0 0 0");
  EXPECT_EQ(values(resolve(*broker, second)).front(), "another");
  EXPECT_EQ(refresh({}), "2 0 0 0 0");
  EXPECT_EQ(refresh({{}, "mem://two/key/7"}), "1 0 0 0 0") << "however it is spelled";
  provider->become(ResolveStatus::unavailable);
  EXPECT_EQ(refresh({}), "2 0 0 0 2") << "nothing was fetched";
  provider->become(ResolveStatus::denied);
  EXPECT_EQ(refresh({}), "2 2 0 2 0");
  provider->become(ResolveStatus::ok);
  EXPECT_EQ(refresh({}), "2 0 2 0 0") << "they had none: nothing of theirs has changed";
}

TEST_F(Broker, AValueThatComesBesideOthersIsAddedAndTakesNothingAway) {
  provider->put("app/key", "secret-1", "v1");
  const auto broker = make();
  resolve(*broker, destination({credential(1, "mem://app/key"), credential(2, "mem://app/next"),
                                credential(1, "mem://app/user", std::nullopt, "authorization")}));
  SecretBroker::Refreshed said;
  const auto refresh = [&] { broker->refresh({}, [&](const SecretBroker::Refreshed& r) { said = r; }); };
  provider->put("app/next", "secret-2", "v2");
  refresh();
  EXPECT_EQ(said.added, 1) << "a second one signs";
  EXPECT_EQ(said.changed, 0);
  provider->put("app/user", "user", "v3");
  provider->put("app/key", "secret-3", "v3");
  refresh();
  EXPECT_EQ(said.added, 1) << "another purpose has its first";
  EXPECT_EQ(said.changed, 1) << "and one that signs is another";
  refresh();
  EXPECT_EQ(said.added + said.changed, 0);
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

}  // namespace
}  // namespace opi::secrets
