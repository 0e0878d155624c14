#include <gtest/gtest.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>

#include "fleet/fleet_site.hpp"

// The limits of a destination hold over all daemons of a database, also while those come and go: counted where it
// matters, at the receiver.
namespace opi::system_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int cap = 2, per_second = 5, retry_after = 3, breaker_threshold = 3, throttled_each = 4;
constexpr milliseconds cooldown{2'000};
// Deliveries at a destination, which takes five a second: for eight seconds, and for as long as a share takes to change
// hands twice.
constexpr int short_work = 40, long_work = 120;

bool is(const std::string& path, const std::string& kind) { return path.find(kind) != std::string::npos; }

Ledger::Answer answer(const std::string& path, int nth) {
  // Longer than a share takes to change hands: what the one before has under way counts at the next one.
  if (is(path, "capped1") || is(path, "capped2")) return {.delay = milliseconds{1'200}};
  if (is(path, "capped")) return {.delay = milliseconds{400}};
  if (is(path, "ordered")) return {.delay = milliseconds{500}};
  if (is(path, "broken")) return {.status = 503};
  if (is(path, "throttled") && nth % throttled_each == 0) return {.status = 429, .retry_after = retry_after};
  return {};
}

// Each gets as much as keeps it busy while the rated ones are, so that whatever happens meets all of them at work.
std::vector<FleetSite::Destination> destinations() {
  std::vector<FleetSite::Destination> all;
  for (const std::string i : {"0", "1", "2"}) {
    all.push_back({"capped" + i, R"(,"max_in_flight":2)", i == "0" ? 100 : 30});
    all.push_back({"rated" + i, R"(,"max_in_flight":50,"rate_limit_per_second":5)"});
    all.push_back({"ordered" + i, R"(,"max_in_flight":16,"order":"subject")"});
  }
  for (const std::string i : {"0", "1"}) {
    all.push_back({"throttled" + i, R"(,"max_in_flight":1)", 20});
    all.push_back({"broken" + i, R"(,"max_in_flight":1)", 25});
  }
  return all;
}

struct Totals {
  int most_at_once = 0, requests = 0, twice = 0;
  double rated = 0, allowed = 0;  // the destination that came nearest to its rate, or went beyond
  int pauses = 0, inside_pauses = 0;
  int probes = 0, allowed_probes = 0;
  int out_of_order = 0;
};

class FleetLimits : public testing::Test {
 protected:
  FleetLimits() : fleet_(answer, destinations()) {}

  // Work for some time, then what happens, then work for eight seconds more.
  void run(int daemons, const std::function<void()>& happens, int work = short_work) {
    std::vector<std::string> names;
    for (int i = 0; i < daemons; ++i) names.push_back("daemon-" + std::to_string(i));
    fleet_.join(names);
    began_ = std::chrono::steady_clock::now();
    fleet_.post(work);
    ASSERT_TRUE(eventually([&] { return fleet_.ledger().requests("/capped0") >= 10; }));
    happens();
    fleet_.post(short_work);
    ASSERT_TRUE(eventually([&] { return fleet_.all_arrived([](const auto& name) { return !is(name, "broken"); }); },
                           seconds{180}))
        << arrivals();
    examine();
  }
  // It took somebody's work over: requests go on at the destination.
  void goes_on(const std::string& name) {
    const int before = fleet_.ledger().requests("/" + name);
    ASSERT_TRUE(eventually([&] { return fleet_.ledger().requests("/" + name) >= before + 4; }));
  }

  void examine() {
    for (const auto& destination : fleet_.destinations()) {
      SCOPED_TRACE(destination.name);
      const auto all = fleet_.ledger().of("/" + destination.name);
      ASSERT_FALSE(all.empty());
      totals_.requests += static_cast<int>(all.size());
      count_twice(all);
      if (is(destination.name, "capped")) examine_cap(all);
      if (is(destination.name, "rated")) examine_rate(all);
      if (is(destination.name, "throttled")) examine_pauses(all);
      if (is(destination.name, "broken")) examine_breaker(all);
      if (is(destination.name, "ordered")) examine_order(all);
    }
    tell();
  }
  void count_twice(const std::vector<Ledger::Entry>& all) {
    std::map<int, int> answered;
    for (const auto& one : all)
      if (one.status == 200) ++answered[one.number];
    for (const auto& [number, times] : answered) totals_.twice += times - 1;
  }
  void examine_cap(const std::vector<Ledger::Entry>& all) {
    EXPECT_EQ(most_at_once(all), cap);
    totals_.most_at_once = std::max(totals_.most_at_once, most_at_once(all));
  }
  void examine_rate(const std::vector<Ledger::Entry>& all) {
    const double span = std::chrono::duration<double>(all.back().began - began_).count();
    const double allowed = span * per_second + per_second, requests = static_cast<double>(all.size());
    EXPECT_LE(requests, allowed);
    if (totals_.allowed == 0 || requests / allowed > totals_.rated / totals_.allowed) {
      totals_.rated = requests;
      totals_.allowed = allowed;
    }
  }
  void examine_pauses(const std::vector<Ledger::Entry>& all) {
    const int inside = inside_pauses(all, 429, seconds{retry_after});
    EXPECT_EQ(inside, 0);
    totals_.pauses += static_cast<int>(std::ranges::count(all, 429, &Ledger::Entry::status));
    totals_.inside_pauses += inside;
  }
  void examine_breaker(const std::vector<Ledger::Entry>& all) {
    const auto span = all.back().began - all.front().began;
    const int allowed = breaker_threshold + static_cast<int>(span / cooldown) + 1;
    EXPECT_LE(std::ssize(all), allowed);
    EXPECT_GT(std::ssize(all), breaker_threshold + 1) << "no probe";
    EXPECT_EQ(most_at_once(all), 1);
    totals_.probes += static_cast<int>(all.size());
    totals_.allowed_probes += allowed;
  }
  void examine_order(const std::vector<Ledger::Entry>& all) {
    EXPECT_EQ(out_of_order(all), 0);
    totals_.out_of_order += out_of_order(all);
    for (const std::string subject : {"S-0", "S-1", "S-2", "S-3"}) {
      std::vector<Ledger::Entry> its;
      std::ranges::copy_if(all, std::back_inserter(its), [&](const auto& one) { return one.subject == subject; });
      EXPECT_EQ(most_at_once(its), 1) << subject;
    }
  }
  void tell() const {
    std::cout << "[ MEASURED ] " << testing::UnitTest::GetInstance()->current_test_info()->name() << ": "
              << totals_.requests << " requests, at once " << totals_.most_at_once << " of " << cap << ", rate "
              << totals_.rated << " of " << std::fixed << std::setprecision(1) << totals_.allowed << " allowed, "
              << totals_.inside_pauses << " inside " << totals_.pauses << " pauses, breaker " << totals_.probes
              << " of " << totals_.allowed_probes << " allowed, out of order " << totals_.out_of_order << ", twice "
              << totals_.twice << "\n";
  }
  std::string arrivals() const {
    std::string text;
    for (const auto& one : fleet_.destinations())
      text += one.name + " " + std::to_string(fleet_.ledger().requests("/" + one.name)) + "\n";
    return text;
  }

  FleetSite fleet_;
  std::chrono::steady_clock::time_point began_;
  Totals totals_;
};

TEST_F(FleetLimits, HoldWithOneDaemon) {
  run(1, [] {});
  EXPECT_EQ(totals_.twice, 0);
}

TEST_F(FleetLimits, HoldWithTwoDaemons) {
  run(2, [] {});
  EXPECT_EQ(totals_.twice, 0);
}

TEST_F(FleetLimits, HoldWithThreeDaemons) {
  run(3, [] {});
  EXPECT_EQ(totals_.twice, 0);
}

TEST_F(FleetLimits, HoldWhileTheOnlyOneIsKilledAndStartedAgain) {
  run(1, [&] {
    fleet_.kill("daemon-0");
    fleet_.restart("daemon-0");
    // It knew that the one before is dead, and never waited for it.
    EXPECT_EQ(fleet_.daemon("daemon-0").log().find(R"("takes_part":false)"), std::string::npos);
  });
}

TEST_F(FleetLimits, HoldWhileOneLeaves) {
  run(3, [&] {
    const auto leaving = fleet_.server_of(0);
    fleet_.leave(leaving);
    EXPECT_NE(fleet_.server_of(0), leaving);
    goes_on("capped0");
  });
  EXPECT_EQ(totals_.twice, 0);
}

TEST_F(FleetLimits, HoldWhileOneJoins) {
  run(
      2, [&] { fleet_.join({"daemon-2"}); }, long_work);
  EXPECT_EQ(totals_.twice, 0);
}

TEST_F(FleetLimits, HoldWhileOneIsKilledAndStartedAgain) {
  run(
      3,
      [&] {
        const auto victim = fleet_.server_of(0);
        fleet_.kill(victim);
        fleet_.restart(victim);
      },
      long_work);
}

TEST_F(FleetLimits, HoldWhileOneIsKilledForGood) {
  run(
      3,
      [&] {
        const auto victim = fleet_.server_of(0);
        fleet_.kill(victim);
        EXPECT_NE(fleet_.server_of(0), victim);
        goes_on("capped0");
      },
      long_work);
}

TEST_F(FleetLimits, HoldWhileOneIsFrozenBeyondItsLifetimeAndGoesOn) {
  run(
      3,
      [&] {
        const auto victim = fleet_.server_of(0);
        fleet_.freeze(victim);
        EXPECT_NE(fleet_.server_of(0), victim);
        goes_on("capped0");
        fleet_.thaw(victim);
        EXPECT_EQ(fleet_.server_of(0), victim) << "its share is its own again";
        goes_on("capped0");
      },
      long_work);
}

}  // namespace
}  // namespace opi::system_test
