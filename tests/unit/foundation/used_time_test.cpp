#include "foundation/used_time.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "foundation/fair_queue.hpp"

namespace opi {
namespace {

using namespace std::chrono_literals;

// One process, and tenants whose calls take different times and never end.
class Turns : public ::testing::Test {
 protected:
  // Serves one call, of whoever has had least; whose it was.
  std::string serve() {
    const auto next = *queue.least([this](const std::string& tenant) { return used.of(tenant); });
    const auto took = queue.pop(next);
    used.turn(next);
    used.use(next, took);
    had[next] += took;
    queue.push(next, took);
    return next;
  }

  FairQueue<std::string, UsedTime<std::string>::Duration> queue;
  UsedTime<std::string> used;
  std::map<std::string, UsedTime<std::string>::Duration> had;
};

TEST_F(Turns, EachHasTheSameTimeWhateverACallOfItsTakes) {
  queue.push("slow", 800ms);
  queue.push("quick", 1ms);
  queue.push("even", 20ms);
  for (int i = 0; i < 20'000; ++i) {
    serve();
    if (had["slow"] == 0ms || had["quick"] == 0ms) continue;
    ASSERT_LE(had["slow"], had["quick"] + 801ms);
    ASSERT_LE(had["quick"], had["slow"] + 801ms);
    ASSERT_LE(had["even"], had["slow"] + 821ms);
  }
  EXPECT_GT(had["slow"], 2s);
}

TEST_F(Turns, WhoComesGoesNextAndWhoWasAwayHasNotSavedUp) {
  queue.push("there", 10ms);
  for (int i = 0; i < 1'000; ++i) serve();
  queue.push("new", 10ms);
  EXPECT_EQ(serve(), "new");
  int of_new = 0;
  for (int i = 0; i < 20; ++i) of_new += serve() == "new" ? 1 : 0;
  EXPECT_NEAR(of_new, 10, 1);
  EXPECT_EQ(queue.pop("new"), 10ms);
  for (int i = 0; i < 1'000; ++i) serve();
  queue.push("new", 10ms);
  of_new = 0;
  for (int i = 0; i < 20; ++i) of_new += serve() == "new" ? 1 : 0;
  EXPECT_NEAR(of_new, 10, 1);
}

TEST_F(Turns, AfterARestAllBeginWhereTheOthersDo) {
  queue.push("slow", 800ms);
  EXPECT_EQ(serve(), "slow");
  queue.push("quick", 1ms);
  EXPECT_EQ(serve(), "quick");
  EXPECT_EQ(serve(), "quick") << "it has had less";
  used.rest();
  EXPECT_EQ(serve(), "slow");
}

}  // namespace
}  // namespace opi
