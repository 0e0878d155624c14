#include "secrets/provider_lanes.hpp"

#include <gmock/gmock.h>

#include "scripted_provider.hpp"
#include "support/manual_clock.hpp"
#include "unit/recording_logger.hpp"

namespace opi::secrets {
namespace {

using namespace std::chrono_literals;
using Ending = ProviderLanes::Ending;

class Lanes : public testing::Test {
 protected:
  // A call under way, which the test lets return.
  struct UnderWay {
    std::function<void()> blocking, after;
    void operator()() { blocking(), after(); }
  };
  ProviderLanes::Executor executor() {
    return [this](std::function<void()> blocking, std::function<void()> after) {
      if (no_threads) throw std::system_error(EAGAIN, std::generic_category());
      under_way.push_back({std::move(blocking), std::move(after)});
    };
  }
  void call(const std::shared_ptr<ScriptedProvider>& provider, const std::string& name, bool answers = true,
            const std::string& tenant = "acme") {
    lanes.submit(provider,
                 {*TenantId::parse(tenant),
                  [this, name, answers](MonoTime) {
                    asked += name;
                    return answers;
                  },
                  [this, name](Ending ending) {
                    ended += name + (ending == Ending::returned ? "+" : ending == Ending::overdue ? "~" : "-");
                  }});
  }
  void let_return() {
    ASSERT_FALSE(under_way.empty());
    auto first = std::move(under_way.front());
    under_way.pop_front();
    first();
  }
  // Opens the tenant's breaker.
  void fail(const std::shared_ptr<ScriptedProvider>& provider, int times = 5, const std::string& tenant = "acme") {
    for (int i = 0; i < times; ++i) {
      call(provider, "x", false, tenant);
      let_return();
    }
    ended.clear();
    asked.clear();
  }
  std::string gauge(const std::string& name) {
    const auto text = metrics.exposition();
    const auto at = text.find(name + "{provider=\"mem\"} ");
    return at == std::string::npos ? "" : text.substr(text.find(' ', at) + 1, 1);
  }

  test::ManualClock clock;
  telemetry::Metrics metrics;
  test::RecordingLogger logger;
  std::deque<UnderWay> under_way;
  bool no_threads = false;
  std::string asked, ended;
  ProviderLanes lanes{executor(), clock, metrics, logger, {.places = 2}};
  std::shared_ptr<ScriptedProvider> one = std::make_shared<ScriptedProvider>(),
                                    other = std::make_shared<ScriptedProvider>();
};

TEST_F(Lanes, AProviderThatHangsHoldsItsOwnPlacesAlone) {
  for (const char* name : {"a", "b", "c"}) call(one, name);
  EXPECT_EQ(under_way.size(), 2u) << "the third waits behind";
  call(other, "d");
  ASSERT_EQ(under_way.size(), 3u);
  under_way.back()();
  EXPECT_EQ(ended, "d+");
  under_way.pop_back();
  let_return();
  EXPECT_EQ(ended, "d+a+");
  EXPECT_EQ(under_way.size(), 2u) << "the third has the place";
}

TEST_F(Lanes, NobodyWaitsForWhatIsOverdueNorBehindIt) {
  for (const char* name : {"a", "b", "c"}) call(one, name);
  clock.advance(4'999ms);
  lanes.run_once();
  EXPECT_EQ(ended, "");
  clock.advance(1ms);
  lanes.run_once();
  EXPECT_EQ(ended, "c-") << "no place in all that time";
  clock.advance(499ms);
  lanes.run_once();
  EXPECT_EQ(ended, "c-");
  clock.advance(1ms);
  lanes.run_once();
  EXPECT_EQ(ended, "c-a~b~");
  call(one, "d");
  EXPECT_EQ(under_way.size(), 2u) << "they keep their places";
  let_return();
  EXPECT_EQ(ended, "c-a~b~a+");
  EXPECT_EQ(under_way.size(), 2u);
  EXPECT_EQ(gauge("opi_secret_calls_in_flight"), "2");
}

TEST_F(Lanes, AStoreThatDoesNotAnswerIsLeftAloneForAWhileAndThenProbed) {
  fail(one, 4);
  call(one, "a");
  let_return();
  fail(one, 4);
  call(one, "b");
  EXPECT_EQ(under_way.size(), 1u) << "four in a row are no reason";
  let_return();
  fail(one, 5);
  EXPECT_EQ(gauge("opi_secret_breaker_open"), "1");
  call(one, "c");
  EXPECT_EQ(ended, "c-");
  call(other, "d");
  let_return();
  EXPECT_EQ(ended, "c-d+") << "another one is none of its business";
  clock.advance(5s);
  call(one, "e");
  call(one, "f");
  EXPECT_EQ(ended, "c-d+f-") << "one probe at a time";
  let_return();
  EXPECT_EQ(ended, "c-d+f-e+");
  EXPECT_EQ(gauge("opi_secret_breaker_open"), "0");
  EXPECT_EQ(logger.events(), (std::vector<std::string>{"secret.provider_failing", "secret.provider_recovered"}));
}

TEST_F(Lanes, WhoWaitsInFrontOfABreakerThatOpensIsToldAtOnce) {
  fail(one, 4);
  call(one, "a", false);
  call(one, "b");
  call(one, "c");
  let_return();
  EXPECT_EQ(ended, "a+c-");
}

TEST_F(Lanes, ACallThatThrowsHasFailedAndComesToAnEnd) {
  bool ended_once = false;
  for (int i = 0; i < 5; ++i) {
    ended_once = false;
    lanes.submit(one, {*TenantId::parse("acme"),
                       [i](MonoTime) -> bool {
                         if (i % 2 == 0) throw std::bad_alloc();
                         throw i;
                       },
                       [&](Ending ending) { ended_once = ending == Ending::returned; }});
    let_return();
    EXPECT_TRUE(ended_once);
  }
  call(one, "a");
  EXPECT_EQ(ended, "a-") << "five in a row";
}

TEST_F(Lanes, WhereThereIsNoThreadToBeHadTheCallComesToAnEnd) {
  no_threads = true;
  call(one, "a");
  EXPECT_EQ(ended, "a+");
  EXPECT_EQ(asked, "");
  no_threads = false;
  call(one, "b");
  let_return();
  EXPECT_EQ(ended, "a+b+");
}

TEST_F(Lanes, ATenantThatAsksForMuchHoldsUpNobodyElse) {
  for (int i = 0; i < 20; ++i) call(one, "a", true, "globex");
  call(one, "b");
  call(one, "b");
  call(one, "c", true, "initech");
  for (int i = 0; i < 7; ++i) let_return();
  EXPECT_EQ(asked, "aabacba") << "each in his turn";
  while (!under_way.empty()) let_return();
  EXPECT_EQ(asked.size(), 23u);
}

TEST_F(Lanes, AQueueThatIsTooLongSaysNothingOfTheStore) {
  for (int i = 0; i < 20; ++i) call(one, "a");
  clock.advance(2s);
  let_return();
  clock.advance(3s);
  let_return();
  lanes.run_once();
  EXPECT_EQ(
      ended, "a+a+" + [] {
        std::string refused;
        for (int i = 0; i < 16; ++i) refused += "a-";
        return refused;
      }());
  EXPECT_EQ(gauge("opi_secret_breaker_open"), "0");
  call(one, "b");
  while (!under_way.empty()) let_return();
  EXPECT_EQ(asked.back(), 'b') << "the store answers";
}

TEST_F(Lanes, WhereNoCallComesBackTheQueueTellsToo) {
  for (int i = 0; i < 7; ++i) call(one, "a");
  clock.advance(5s);
  lanes.run_once();
  EXPECT_EQ(gauge("opi_secret_breaker_open"), "1");
}

TEST_F(Lanes, WhoseReferencesGetNoAnswerIsKeptFromAskingAlone) {
  fail(one, 5, "globex");
  call(one, "a", true, "globex");
  EXPECT_EQ(ended, "a-");
  call(one, "b");
  let_return();
  EXPECT_EQ(ended, "a-b+");
  EXPECT_EQ(gauge("opi_secret_breaker_open"), "1") << "one tenant";
  EXPECT_THAT(logger.text(), testing::HasSubstr("tenant=globex"));
}

// Its calls never come back, and it has more to make than there are places.
TEST_F(Lanes, WhoseReferencesHangLeavesAPlaceToEverybodyElse) {
  ProviderLanes five{executor(), clock, metrics, logger, {}};
  const auto ask = [&](const std::string& tenant) {
    five.submit(one, {*TenantId::parse(tenant), [](MonoTime) { return true; },
                      [&, tenant](Ending ending) {
                        if (tenant != "globex") ended += ending == Ending::returned ? "+" : "-";
                      }});
  };
  for (int i = 0; i < 20; ++i) ask("globex");
  ASSERT_EQ(under_way.size(), 4u);
  for (const auto* tenant : {"acme", "initech", "umbrella"}) {
    ask(tenant);
    ASSERT_EQ(under_way.size(), 5u) << tenant << " has a place at once";
    under_way.back()();
    under_way.pop_back();
  }
  EXPECT_EQ(ended, "+++");
  EXPECT_EQ(under_way.size(), 4u);
  clock.advance(5'500ms);
  five.run_once();  // the tenant's breaker opens: those behind it need not wait
  ask("acme");
  ASSERT_EQ(under_way.size(), 5u);
  under_way.back()();
  under_way.pop_back();
  EXPECT_EQ(ended, "++++");
  while (!under_way.empty()) let_return();
}

// Sixty tenants ask a store that is away, again and again for ten minutes.
TEST_F(Lanes, AStoreThatIsAwayIsAskedInVainByFewTenantsOnceAndThenSeldom) {
  const auto everybody_asks = [&] {
    for (int i = 0; i < 60; ++i) {
      call(one, "x", false, "tenant-" + std::to_string(i));
      while (!under_way.empty()) let_return();
    }
  };
  everybody_asks();
  EXPECT_EQ(asked.size(), 60u) << "each once: whose last call was not in vain is not kept";
  EXPECT_EQ(logger.events(), (std::vector<std::string>{"secret.provider_failing"})) << "all of them at once";
  asked.clear();
  for (int second = 0; second < 600; ++second) {
    clock.advance(1s);
    everybody_asks();
  }
  EXPECT_LE(asked.size(), 600u / 5u) << "one probe in five seconds for all of them";
  // It is back: the next probe is enough for all.
  asked.clear();
  clock.advance(60s);
  call(one, "y", true, "tenant-7");
  let_return();
  EXPECT_EQ(logger.events().back(), "secret.provider_recovered");
  for (int i = 0; i < 60; ++i) call(one, "y", true, "tenant-" + std::to_string(i));
  while (!under_way.empty()) let_return();
  EXPECT_EQ(asked.size(), 61u);
}

// Of one whose references are good, beside as many as you like whose never get an answer.
TEST_F(Lanes, TheBadReferencesOfManyKeepNobodysGoodOnes) {
  for (int second = 0; second < 600; ++second) {
    for (const auto* bad : {"globex", "initech", "umbrella", "hooli"})
      for (int i = 0; i < 3; ++i) call(one, "x", false, bad);
    while (!under_way.empty()) let_return();
    asked.clear();
    call(one, "a");
    ASSERT_EQ(under_way.size(), 1u) << "in second " << second;
    let_return();
    ASSERT_EQ(asked, "a");
    clock.advance(1s);
  }
}

// It was away for all. Those whose references are bad cannot have all the probes.
TEST_F(Lanes, AfterAnOutageTheProbesOfThoseWhoseReferencesAreBadHoldUpNobodyForLong) {
  for (const auto* tenant : {"globex", "initech", "umbrella", "acme"}) fail(one, 1, tenant);
  int seconds = 0;
  for (bool back = false; !back && seconds < 600; ++seconds) {
    clock.advance(1s);
    for (const auto* bad : {"globex", "initech", "umbrella"}) call(one, "x", false, bad);  // always before it
    call(one, "a");
    while (!under_way.empty()) let_return();
    back = asked.find('a') != std::string::npos;
  }
  EXPECT_LE(seconds, 60);
}

TEST_F(Lanes, AProviderThatTookAnothersPlaceHasPlacesOfItsOwn) {
  for (const char* name : {"a", "b", "c"}) call(one, name);
  one = std::make_shared<ScriptedProvider>();
  call(one, "d");
  ASSERT_EQ(under_way.size(), 3u);
  under_way.back()();
  EXPECT_EQ(ended, "d+");
}

}  // namespace
}  // namespace opi::secrets
