#include "broker_fixture.hpp"
#include "unit/recording_logger.hpp"

// One key of a secret that has no value that could serve, beside others that have.
namespace opi::secrets {
namespace {

class BrokerKeys : public Broker {
 protected:
  void SetUp() override {
    for (const char* key : {"app/bad", "app/good", "app/other"}) provider->put(key, key, "v1");
  }
  std::shared_ptr<Destination> wants(const std::string& key, std::uint8_t id) {
    return destination({credential(1, "mem://app/" + key)}, id);
  }
  // The keys of each question since the last call, "bad good | bad | good".
  std::string asked() {
    std::string all;
    const auto queries = provider->queries();
    for (; looked_at < queries.size(); ++looked_at) {
      all += all.empty() ? "" : " |";
      for (const auto& key : queries[looked_at].keys) all += (all.empty() ? "" : " ") + key;
    }
    return all;
  }
  std::size_t looked_at = 0;
};

TEST_F(BrokerKeys, AKeyThatIsRefusedFailsAlone) {
  for (const auto status : {ResolveStatus::invalid, ResolveStatus::denied}) {
    provider = std::make_shared<ScriptedProvider>();
    SetUp();
    const auto broker = make();
    const auto good = wants("good", 1), bad = wants("bad", 2), other = wants("other", 3);
    for (const auto& one : {good, bad, other}) EXPECT_EQ(values(resolve(*broker, one)).size(), 1u);
    provider->refuse("app/bad", status);
    clock.advance(301s);
    const auto set = resolve(*broker, bad);
    EXPECT_EQ(values(set), Values{});
    EXPECT_EQ(states(set), status == ResolveStatus::denied ? "1 denied;" : "1 unusable;");
    EXPECT_EQ(failure(set), "no value: bad");
    EXPECT_EQ(values(resolve(*broker, good)), Values{"app/good"});
    EXPECT_EQ(values(resolve(*broker, other)), Values{"app/other"});
  }
}

TEST_F(BrokerKeys, WhoeverIsAskedForFirstTheOthersAreServed) {
  for (const char* first : {"good", "bad"}) {
    provider = std::make_shared<ScriptedProvider>();
    SetUp();
    provider->refuse("app/bad");
    const auto broker = make();
    const auto user_and_password = destination(
        {credential(1, "mem://app/good"), credential(1, "mem://app/bad", std::nullopt, "authorization")}, 1);
    resolve(*broker, wants(first, 2));
    const auto set = resolve(*broker, user_and_password);
    EXPECT_EQ(values(set), Values{"app/good"}) << first;
    EXPECT_EQ(set->find("authorization")->failure, "no value: bad") << first;
    EXPECT_EQ(values(resolve(*broker, wants("other", 3))), Values{"app/other"})
        << first << ": a key that nobody asked for before";
  }
}

TEST_F(BrokerKeys, WhatAreServedComeFromOneVersion) {
  const auto broker = make();
  const auto pair = destination(
      {credential(1, "mem://app/good"), credential(1, "mem://app/other", std::nullopt, "authorization")}, 1);
  resolve(*broker, pair);
  provider->refuse("app/bad");
  asked();
  EXPECT_EQ(states(resolve(*broker, wants("bad", 2))), "1 unusable;");
  EXPECT_EQ(asked(), "bad good other | bad | good other") << "in one question";
  clock.advance(240s);
  resolve(*broker, pair);
  EXPECT_EQ(asked(), "other good") << "and from then on without the key that was refused";
}

TEST_F(BrokerKeys, WhatWasAnsweredInPartsIsAskedForOnceMoreTogether) {
  for (const char* key : {"app/a", "app/m", "app/z"}) provider->put(key, key, "v1");
  const auto broker = make();
  for (const char* key : {"a", "z"}) resolve(*broker, wants(key, *key));
  provider->refuse("app/m");
  asked();
  resolve(*broker, wants("m", 1));
  EXPECT_EQ(asked(), "m a z | m | a z");
  provider->mend("app/m");
  clock.advance(5s);
  resolve(*broker, wants("m", 1));
  EXPECT_EQ(asked(), "m | m a z") << "it comes from the version of the others";
  provider->refuse("app/z");
  clock.advance(301s);
  EXPECT_EQ(values(resolve(*broker, wants("a", 'a'))), Values{"app/a"});
  EXPECT_EQ(asked(), "a m z | a | m z | m | z | a m");
}

TEST_F(BrokerKeys, ARefusalIsRememberedForItsTimeAndThenLookedAtAlone) {
  provider->refuse("app/bad");
  const auto broker = make();
  const auto good = wants("good", 1), bad = wants("bad", 2);
  resolve(*broker, good);
  EXPECT_EQ(states(resolve(*broker, bad)), "1 unusable;");
  asked();
  clock.advance(4'999ms);
  EXPECT_EQ(states(resolve(*broker, bad)), "1 unusable;");
  EXPECT_EQ(asked(), "");
  clock.advance(1ms);
  EXPECT_EQ(states(resolve(*broker, bad)), "1 unusable;");
  EXPECT_EQ(asked(), "bad") << "the others have nothing to do with it";
  provider->mend("app/bad");
  clock.advance(5s);
  EXPECT_EQ(values(resolve(*broker, bad)), Values{"app/bad"});
  EXPECT_EQ(asked(), "bad | bad good");
}

TEST_F(BrokerKeys, TheFormerValueOfAnotherKeySignsOn) {
  const auto broker = make();
  const auto good = wants("good", 1), bad = wants("bad", 2);
  resolve(*broker, good);
  const std::weak_ptr<const Secret> gone = resolve(*broker, bad)->find("signing")->versions.front().value;
  provider->put("app/good", "rotated", "v2");
  provider->refuse("app/bad");
  clock.advance(301s);
  EXPECT_EQ(values(resolve(*broker, good)), (Values{"rotated", "app/good"}));
  resolve(*broker, bad);
  EXPECT_EQ(values(resolve(*broker, good)), (Values{"rotated", "app/good"}));
  broker->run_once();
  EXPECT_TRUE(gone.expired()) << "the store said no to it";
}

TEST_F(BrokerKeys, ARenewalBehindTheCallersBackTakesNothingFromTheOthers) {
  const auto broker = make();
  const auto good = wants("good", 1), bad = wants("bad", 2);
  resolve(*broker, good);
  resolve(*broker, bad);
  provider->refuse("app/bad");
  clock.advance(240s);  // both are served from memory, and renewed
  EXPECT_EQ(values(resolve(*broker, bad)), Values{"app/bad"});
  EXPECT_EQ(states(resolve(*broker, bad)), "1 unusable;");
  clock.advance(59s);
  EXPECT_EQ(values(resolve(*broker, good)), Values{"app/good"});
}

TEST_F(BrokerKeys, ARefusedRequestAndRefreshAskForEachKeyAnew) {
  provider->refuse("app/bad");
  const auto broker = make();
  const auto good = wants("good", 1), bad = wants("bad", 2);
  resolve(*broker, good);
  resolve(*broker, bad);
  EXPECT_TRUE(broker->invalidate(*good));
  EXPECT_EQ(values(resolve(*broker, good)), Values{"app/good"});
  SecretBroker::Refreshed said;
  const auto refresh = [&] { broker->refresh({}, [&](const SecretBroker::Refreshed& r) { said = r; }); };
  refresh();
  EXPECT_EQ(said.destinations, 2);
  EXPECT_EQ(said.unresolved, 1);
  EXPECT_EQ(said.unanswered, 0);
  provider->mend("app/bad");
  refresh();
  EXPECT_EQ(said.unresolved, 0) << "within the time for which a refusal is remembered";
  EXPECT_EQ(values(resolve(*broker, bad)), Values{"app/bad"});
}

TEST_F(BrokerKeys, AStoreThatGoesAwayMeanwhileTakesNothing) {
  const auto broker = make();
  const auto good = wants("good", 1), bad = wants("bad", 2);
  resolve(*broker, good);
  resolve(*broker, bad);
  provider->refuse("app/bad");
  clock.advance(301s);
  resolve(*broker, bad);
  provider->become(ResolveStatus::unavailable, "down");
  clock.advance(301s);
  EXPECT_EQ(values(resolve(*broker, good)), Values{"app/good"});
  EXPECT_EQ(failure(resolve(*broker, bad)), "no value: bad") << "that is what is known of it";
  provider->become(ResolveStatus::not_found, "no such secret");
  clock.advance(5s);
  EXPECT_EQ(values(resolve(*broker, good)).size(), 1u) << "from memory, while it is asked for behind its back";
  EXPECT_EQ(failure(resolve(*broker, good)), "no such secret");
}

// Sixteen questions find one of 64 keys; a secret of nothing but bad keys costs no more.
TEST_F(BrokerKeys, ASearchHasALimitAndGoesOnTheNextTime) {
  const auto name = [](int i) { return "k" + std::to_string(10 + i); };
  std::vector<Credential> all;
  for (int i = 0; i < 64; ++i) {
    provider->put("many/" + name(i), name(i));
    all.push_back(credential(i + 1, "mem://many/" + name(i), std::nullopt, name(i)));
  }
  const auto served = [](const SetPointer& set) {
    return std::ranges::count(set->credentials, CredentialState::resolved, &CredentialPosture::state);
  };
  for (const int bad : {0, 31, 63}) {
    const auto broker = make();
    provider->refuse("many/" + name(bad));
    asked();
    EXPECT_EQ(served(resolve(*broker, destination(all))), 63) << bad;
    provider->mend("many/" + name(bad));
  }
  for (int i = 0; i < 64; ++i) provider->refuse("many/" + name(i));
  const auto broker = make();
  const auto before = provider->queries().size();
  EXPECT_EQ(served(resolve(*broker, destination(all))), 0);
  EXPECT_EQ(provider->queries().size() - before, Inquiry::most_questions);
  for (int i = 0; i < 64; ++i) provider->mend("many/" + name(i));
  clock.advance(5s);
  EXPECT_EQ(served(resolve(*broker, destination(all))), 48)
      << "sixteen that were refused a fetch, three fetches a renewal";
  EXPECT_EQ(served(resolve(*broker, destination(all))), 64);
  EXPECT_EQ(provider->queries().back().keys.size(), 64u) << "all from one version";
}

TEST_F(BrokerKeys, WhatIsLeftOverBySixteenQuestionsIsFoundByTheNextOnes) {
  for (const int keys : {8, 9}) {  // 15 and 17 questions, of which the last one is for the only key that is sound
    std::vector<Credential> all;
    for (int i = 1; i <= keys; ++i) {
      const auto key = std::to_string(keys) + "/" + std::to_string(i);
      provider->put(key, key);
      if (i < keys) provider->refuse(key);
      all.push_back(credential(keys - i, "mem://" + key));
    }
    const auto broker = make();
    const auto d = destination(all);
    EXPECT_EQ(values(resolve(*broker, d)).size(), keys == 8 ? 1u : 0u);
    clock.advance(5s);
    EXPECT_EQ(values(resolve(*broker, d)).size(), 1u);
  }
}

TEST_F(BrokerKeys, SaysWhichKeyItIs) {
  test::RecordingLogger recorded;
  providers.replace({provider});
  provider->refuse("app/bad");
  SecretBroker broker(
      providers, [](const std::function<void()>& blocking, const std::function<void()>& after) { blocking(), after(); },
      clock, random, metrics, recorded, {});
  resolve(broker, wants("good", 1));
  resolve(broker, wants("bad", 2));
  EXPECT_EQ(recorded.text(), "secret.resolve_failed tenant=acme scheme=mem key=bad reason=no value: bad\n");
}

}  // namespace
}  // namespace opi::secrets
