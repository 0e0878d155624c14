#include "simulation/neighbours.hpp"

#include <gtest/gtest.h>

#include "foundation/fair_share.hpp"

namespace opi::simulation {
namespace {

using namespace std::chrono_literals;

// The first of its neighbours may have taken all but the reserve, each further one half of what was left: this many
// slots are free for the one that is well, whatever the others hold and for however long.
int left_by(std::size_t neighbours) {
  return neighbours == 0 ? Neighbourhood::slots : reserve_of(Neighbourhood::slots) >> (neighbours - 1);
}

// How long a delivery of a tenant that holds less than that may wait: for the claim that was made just before, and for
// one more that begins at the same moment. The wait of another daemon's client is that for a round of discovery.
std::chrono::milliseconds bound(int daemons) {
  const delivery::Dispatcher::Options dispatcher;
  const delivery::Discovery::Options discovery;
  return 2 * dispatcher.claim_interval + (daemons > 1 ? discovery.interval : 0ms);
}

struct Case {
  std::vector<Neighbour> neighbours;
  int daemons = 1;
};

class Neighbours : public testing::TestWithParam<Case> {};

TEST_P(Neighbours, LeaveATenantItsShareWhateverAilsThem) {
  const auto& [neighbours, daemons] = GetParam();
  // Otherwise it would wait for its own.
  static_assert(Neighbourhood::answers < Neighbourhood::every);
  ASSERT_GE(left_by(neighbours.size()), 1);
  Neighbourhood world(neighbours, daemons);
  world.run(20s);
  const auto& seen = world.seen();
  EXPECT_GT(seen.published, 400);
  EXPECT_EQ(seen.sent, seen.published);
  EXPECT_LE(seen.longest, bound(daemons));
  RecordProperty("longest_ms", static_cast<int>(seen.longest.count()));
  std::printf("%d of %d sent, %d requests beside them; longest wait %d ms of %d ms\n", seen.sent, seen.published,
              seen.beside, static_cast<int>(seen.longest.count()), static_cast<int>(bound(daemons).count()));
}

// What became visible late is found by the next look before the watermark, or by discovery if it is later than that;
// from then on it goes as fast as anything else: one turn after the other, as many at a time as the destination takes.
TEST(Lateness, CostsASweepAndThenNothing) {
  const delivery::Scheduler::Options scheduler;
  const delivery::Discovery::Options discovery;
  const delivery::Dispatcher::Options dispatcher;
  const delivery::Settler::Options settler;
  constexpr int deliveries = 500;
  const auto turn = Neighbourhood::answers + settler.linger + 2 * dispatcher.claim_interval;
  const auto drained = (deliveries / Neighbourhood::own_slots + 2) * turn;
  for (const auto lag : {scheduler.swept / 2, 3 * scheduler.swept}) {
    Neighbourhood world({}, 1);
    EXPECT_LE(world.run_late(deliveries, lag), scheduler.sweep_interval + discovery.interval + drained)
        << "behind by " << lag.count() << " ms";
  }
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  constexpr const char* names[] = {"slow", "dead", "flooding", "throttling", "spinning", "hanging"};
  const auto& [neighbours, daemons] = info.param;
  const std::string which = neighbours.empty()       ? "none"
                            : neighbours.size() == 1 ? names[static_cast<int>(neighbours.front())]
                                                     : "all";
  return which + "_" + std::to_string(daemons) + "_daemons";
}

std::vector<Case> cases() {
  std::vector<Case> all{{{}, 1}};
  for (const auto one : all_neighbours) all.push_back({{one}, 1});
  const std::vector<Neighbour> together(std::begin(all_neighbours), std::end(all_neighbours));
  all.push_back({together, 1});
  all.push_back({together, 2});
  return all;
}

INSTANTIATE_TEST_SUITE_P(OneAtATimeAndTogether, Neighbours, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace opi::simulation
