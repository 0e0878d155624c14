#include "delivery/fleet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "unit/recording_logger.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// The daemons' table as PostgreSQL has it (contract tests hold the real one against the same rules), with a clock of
// its own that the test moves.
class Table final : public FleetStore {
 public:
  FleetSnapshot beat(const Terms& terms) override {
    if (away) throw StoreUnavailable("away");
    const auto span = [](std::chrono::milliseconds ms) { return std::chrono::microseconds{ms}.count(); };
    if (terms.replaces) rows.erase(*terms.replaces);
    std::erase_if(rows, [&](const auto& row) { return row.second.second < now; });
    if (!rows.contains(terms.daemon_id)) rows[terms.daemon_id].first = rows.empty() ? now : now + span(terms.joining);
    rows[terms.daemon_id].second = now + span(terms.lifetime);
    FleetSnapshot snapshot{.members = {}, .taken_at = now};
    for (const auto& [id, row] : rows) snapshot.members.push_back({id, row.first});
    return snapshot;
  }
  void leave(const std::string& id) override { rows.erase(id); }
  Roll roll() override { return {}; }
  void remember(std::span<const DestinationMemory>, const std::string&) override {}
  std::vector<DestinationMemory> recall(std::span<const DestinationId>, const std::string&) override { return {}; }

  DueTime now = 1'000'000'000;
  std::map<std::string, std::pair<DueTime, DueTime>> rows;  // owns from, alive until
  bool away = false;
};

class FleetOf : public testing::Test {
 protected:
  struct Daemon {
    explicit Daemon(FleetOf& world, const std::string& id)
        : fleet(world.table, {world.clock, world.random, world.metrics, world.logger},
                [this](const std::shared_ptr<const Ownership>& judged) { ownership = judged; }, {.daemon_id = id}),
          ownership(fleet.current()) {}
    Fleet fleet;
    std::shared_ptr<const Ownership> ownership;
  };
  void pass(std::chrono::milliseconds time) {
    clock.advance(time);
    table.now += std::chrono::microseconds{time}.count();
  }
  // Whether it may claim for the destination at this moment: what the dispatcher and the database ask.
  bool claims(const Daemon& daemon, const DestinationId& id) {
    return daemon.ownership->owns(id) && daemon.ownership->valid_at(clock.mono_now()) &&
           table.now <= daemon.ownership->valid_until();
  }
  static DestinationId destination(int n) {
    DestinationId id;
    id.value.bytes[15] = static_cast<std::uint8_t>(n);
    return id;
  }

  test::ManualClock clock;
  test::SeededRandom random{1};
  telemetry::Metrics metrics;
  test::RecordingLogger logger;
  Table table;
};

TEST_F(FleetOf, OneHasEverythingAtOnce) {
  Daemon a(*this, "a");
  EXPECT_EQ(a.fleet.run_once(), 2'000ms);
  for (int n = 0; n < 50; ++n) EXPECT_TRUE(claims(a, destination(n)));
  EXPECT_TRUE(a.fleet.leads());
}

TEST_F(FleetOf, WithoutTheStoreNothingIsItsOwnAnyMoreAndThenAgain) {
  Daemon a(*this, "a");
  a.fleet.run_once();
  table.away = true;
  pass(7'999ms);
  a.fleet.run_once();
  EXPECT_TRUE(claims(a, destination(1)));
  pass(1ms);
  a.fleet.run_once();
  EXPECT_FALSE(claims(a, destination(1)));
  EXPECT_FALSE(a.fleet.leads());
  table.away = false;
  a.fleet.run_once();
  EXPECT_TRUE(claims(a, destination(1)));
}

// However their beats interleave, and whoever comes, goes, dies or stands still: no destination is claimed for by two.
TEST_F(FleetOf, NeverTwoClaimForOneDestination) {
  std::vector<std::unique_ptr<Daemon>> daemons;
  std::vector<bool> frozen;
  int next = 0, shared = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto pick = [&](std::size_t below) {
      return static_cast<std::size_t>(random.uniform() * static_cast<double>(below));
    };
    const double what = random.uniform();
    if (daemons.size() < 4 && what < 0.01) {
      daemons.push_back(std::make_unique<Daemon>(*this, "d" + std::to_string(next++)));
      frozen.push_back(false);
    } else if (!daemons.empty() && what < 0.015) {
      const auto which = pick(daemons.size());
      if (random.uniform() < 0.5) daemons[which]->fleet.leave();
      daemons.erase(daemons.begin() + static_cast<std::ptrdiff_t>(which));
      frozen.erase(frozen.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (!daemons.empty() && what < 0.03) {
      const auto which = pick(daemons.size());
      frozen[which] = !frozen[which];
    }
    table.away = random.uniform() < 0.1;
    pass(std::chrono::milliseconds{pick(400)});
    for (std::size_t i = 0; i < daemons.size(); ++i)
      if (!frozen[i] && random.uniform() < 0.7) daemons[i]->fleet.run_once();
    for (int n = 0; n < 16; ++n) {
      int who = 0;
      for (const auto& daemon : daemons) who += claims(*daemon, destination(n));
      ASSERT_LE(who, 1) << "step " << step;
      shared += who;
    }
  }
  EXPECT_GT(shared, 20'000) << "a fleet in which nobody claims would keep to it, too";
}

TEST_F(FleetOf, OneThatJoinsHasItsShareWhenTheOthersHaveLetItGo) {
  Daemon a(*this, "a"), b(*this, "b");
  a.fleet.run_once();
  EXPECT_EQ(b.fleet.run_once(), 2'000ms);
  EXPECT_FALSE(b.ownership->takes_part());
  for (int i = 0; i < 5; ++i) {
    pass(2s);
    a.fleet.run_once();
    b.fleet.run_once();
  }
  EXPECT_THAT(a.ownership->owners(), ElementsAre("a", "b"));
  EXPECT_THAT(b.ownership->owners(), ElementsAre("a", "b"));
  int of_a = 0;
  for (int n = 0; n < 200; ++n) {
    EXPECT_NE(claims(a, destination(n)), claims(b, destination(n)));
    of_a += claims(a, destination(n));
  }
  EXPECT_GT(of_a, 60);
  EXPECT_LT(of_a, 140);
  EXPECT_NE(a.fleet.leads(), b.fleet.leads());
}

TEST_F(FleetOf, WhoLeavesIsSucceededAtTheNextBeatAndWhoDiesAfterItsLifetime) {
  Daemon a(*this, "a"), b(*this, "b");
  a.fleet.run_once();
  b.fleet.run_once();
  pass(9s);
  a.fleet.run_once();
  b.fleet.run_once();
  b.fleet.leave();
  pass(2s);
  a.fleet.run_once();
  EXPECT_THAT(a.ownership->owners(), ElementsAre("a"));
  Daemon c(*this, "c");
  c.fleet.run_once();
  pass(9s);
  a.fleet.run_once();
  c.fleet.run_once();
  EXPECT_THAT(a.ownership->owners(), ElementsAre("a", "c"));
  for (int i = 0; i < 5; ++i) {  // c is dead
    pass(2'001ms);
    a.fleet.run_once();
  }
  EXPECT_THAT(a.ownership->owners(), ElementsAre("a"));
}

TEST_F(FleetOf, OneThatStoodStillBeyondItsTimeOwnsNothingAndJoinsAnew) {
  Daemon a(*this, "a"), b(*this, "b");
  a.fleet.run_once();
  b.fleet.run_once();
  pass(9s);
  a.fleet.run_once();
  b.fleet.run_once();
  for (int i = 0; i < 6; ++i) {
    pass(2s);
    a.fleet.run_once();
  }
  EXPECT_THAT(a.ownership->owners(), ElementsAre("a"));
  for (int n = 0; n < 50; ++n) EXPECT_FALSE(claims(b, destination(n)));
  b.fleet.run_once();
  EXPECT_FALSE(b.ownership->takes_part());
}

// A claim that was made in time and is committed late must be seen by who takes over.
TEST_F(FleetOf, BetweenTheOneThatGivesUpAndTheOneThatTakesNobodyClaims) {
  Daemon a(*this, "a"), b(*this, "b");
  a.fleet.run_once();
  b.fleet.run_once();
  int n = 0;
  while (!Ownership("b", {"a", "b"}, due_never, MonoTime::max()).owns(destination(n))) ++n;
  const auto pass_to = [&](std::chrono::milliseconds time) {
    pass(time);
    a.fleet.run_once();
    b.fleet.run_once();
  };
  for (int i = 0; i < 3; ++i) pass_to(2s);
  pass_to(1'999ms);
  EXPECT_TRUE(claims(a, destination(n)));
  for (const auto wait : {1ms, 499ms}) {
    pass_to(wait);
    EXPECT_FALSE(claims(a, destination(n)));
    EXPECT_FALSE(claims(b, destination(n)));
  }
  pass_to(1ms);
  EXPECT_TRUE(claims(b, destination(n)));
  EXPECT_FALSE(claims(a, destination(n)));
}

// Every version must come to the same: another hash would have two daemons serve one destination during an upgrade.
TEST(OwnershipHash, IsTheSameInEveryVersion) {
  const std::vector<std::string> owners{"one/1/aa", "two/2/bb", "three/3/cc"};
  std::string who;
  for (int n = 0; n < 12; ++n) {
    DestinationId id;
    id.value.bytes[15] = static_cast<std::uint8_t>(n);
    for (std::size_t i = 0; i < owners.size(); ++i)
      if (Ownership(owners[i], owners, due_never, MonoTime::max()).owns(id)) who += std::to_string(i);
  }
  EXPECT_EQ(who, "210202121212");
}

}  // namespace
}  // namespace opi::delivery
