#include "secrets/provider_lanes.hpp"

#include <gtest/gtest.h>

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
                 {tenant,
                  [this, name, answers](MonoTime) {
                    asked += name;
                    return answers;
                  },
                  [this, name](Ending ending) {
                    ended += name + (ending == Ending::returned ? "+" : ending == Ending::overdue ? "~" : "-");
                  }});
  }
  void let_return() {
    auto first = std::move(under_way.front());
    under_way.pop_front();
    first();
  }
  // Opens the provider's breaker.
  void fail(const std::shared_ptr<ScriptedProvider>& provider, int times = 5) {
    for (int i = 0; i < times; ++i) {
      call(provider, "x", false);
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
    lanes.submit(one, {"acme",
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
  EXPECT_EQ(asked, "aaabcab") << "each in his turn";
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
