#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/findings.hpp"
#include "delivery/fleet.hpp"

namespace opi::ctl {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::StartsWith;

constexpr delivery::DueTime now = 1'800'000'000'000'000;

delivery::DueTime after(milliseconds span) {
  return now + std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

// What doctor says of the daemons of a database.
class ExamineFleet : public testing::Test {
 protected:
  // It showed itself so long ago.
  delivery::FleetStore::Roll::Daemon& add(const std::string& id, milliseconds silent = 1s) {
    auto& one = roll_.daemons.emplace_back();
    one.daemon_id = id;
    one.joined_at = one.owns_from = after(-1h);
    one.alive_until = after(delivery::Fleet::Options{}.lifetime - silent);
    return one;
  }
  std::vector<Finding> examined() {
    roll_.taken_at = now;
    Findings findings;
    examine_fleet(roll_, findings);
    return findings.all();
  }
  static auto finding(Level level, const std::string& check, const std::string& message) {
    return AllOf(Field(&Finding::level, level), Field(&Finding::check, check),
                 Field(&Finding::message, StartsWith(message)),
                 Field(&Finding::remedy,
                       level == Level::ok ? testing::Matcher<std::string>(IsEmpty()) : testing::Not(IsEmpty())));
  }

  delivery::FleetStore::Roll roll_;
};

TEST_F(ExamineFleet, WhereNobodySharesThereIsNothingToSay) { EXPECT_THAT(examined(), IsEmpty()); }

TEST_F(ExamineFleet, WhoLivesIsNamed) {
  add("one");
  add("two");
  EXPECT_THAT(examined(), ElementsAre(finding(Level::ok, "daemons", "destinations are shared between one, two")));
}

TEST_F(ExamineFleet, WhoJoinsIsToldWithItsTime) {
  add("one");
  add("two").owns_from = after(8'500ms);
  EXPECT_THAT(examined(),
              ElementsAre(finding(Level::ok, "daemons",
                                  "destinations are shared between one, two (takes its share in 8500 ms)")));
}

TEST_F(ExamineFleet, ThreeBeatsMayBeMissed) {
  add("one", 6s);
  add("two", 6s + 1ms);
  EXPECT_THAT(examined(), ElementsAre(finding(Level::warning, "daemons", "two has not shown itself for 6 s"),
                                      finding(Level::ok, "daemons", "destinations are shared between one, two")));
}

TEST_F(ExamineFleet, WhoIsDeadAndDidNotLeaveIsTold) {
  add("one", 10s - 1ms);
  add("two", 10s);
  add("three", 75s);
  EXPECT_THAT(examined(), ElementsAre(finding(Level::warning, "daemons", "one has not shown itself for 9 s"),
                                      finding(Level::warning, "daemons", "two has been dead for 10 s"),
                                      finding(Level::warning, "daemons", "three has been dead for 75 s"),
                                      finding(Level::ok, "daemons", "destinations are shared between one")));
}

TEST_F(ExamineFleet, WhereAllAreDeadNobodySharesAnything) {
  add("one", 11s);
  EXPECT_THAT(examined(), ElementsAre(finding(Level::warning, "daemons", "one has been dead for 11 s")));
}

TEST_F(ExamineFleet, AClockMayBeOffByTwoSecondsEitherWay) {
  add("one").clock_ahead = tolerable_skew;
  add("two").clock_ahead = -tolerable_skew;
  EXPECT_THAT(examined(), ElementsAre(finding(Level::ok, "daemons", "destinations are shared between one, two")));
}

TEST_F(ExamineFleet, WhoseClockIsOffIsToldInWhichDirection) {
  add("one").clock_ahead = tolerable_skew + 1ms;
  add("two").clock_ahead = -tolerable_skew - 1ms;
  add("three").clock_ahead = 30'001ms;
  add("four", 11s).clock_ahead = 30'001ms;  // it is dead: its clock is nobody's
  EXPECT_THAT(examined(),
              ElementsAre(finding(Level::warning, "clock", "that of one is 2001 ms ahead of the database's"),
                          finding(Level::warning, "clock", "that of two is 2001 ms behind the database's"),
                          finding(Level::error, "clock", "that of three is 30001 ms ahead of the database's"),
                          finding(Level::warning, "daemons", "four has been dead for 11 s"),
                          finding(Level::ok, "daemons", "destinations are shared between one, two, three")));
}

}  // namespace
}  // namespace opi::ctl
