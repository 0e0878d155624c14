#include <gtest/gtest.h>

#include <cstdlib>

#include "simulation/world.hpp"

namespace opi::simulation {
namespace {

constexpr int steps = 600, steps_between_checks = 10;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

World::Totals play(std::uint64_t seed) {
  World world(seed);
  int step = 0;
  try {
    for (; step < steps; ++step) {
      world.step();
      if (step % steps_between_checks == 0) world.check();
    }
    world.settle_everything();
  } catch (const std::exception& failure) {
    ADD_FAILURE() << failure.what() << "\n  at step " << step << "; play it again with OPI_SIMULATION_SEED=" << seed
                  << " OPI_SIMULATION_RUNS=1";
  }
  return world.totals();
}

// OPI_SIMULATION_RUNS seeds from OPI_SIMULATION_SEED on.
TEST(Simulation, KeepsEveryInvariantOverManySeeds) {
  const auto first = number_from_environment("OPI_SIMULATION_SEED", 1);
  const auto runs = number_from_environment("OPI_SIMULATION_RUNS", 30);
  World::Totals sum;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    const auto totals = play(seed);
    sum.published += totals.published;
    sum.requests += totals.requests;
    sum.crashes += totals.crashes;
    sum.faults += totals.faults;
    sum.delivered += totals.delivered;
    sum.dead_lettered += totals.dead_lettered;
    if (HasFailure()) break;
  }
  std::printf("%d events, %d requests, %d crashes, %d store faults, %d delivered, %d dead-lettered\n", sum.published,
              sum.requests, sum.crashes, sum.faults, sum.delivered, sum.dead_lettered);
  // A world in which nothing happens would keep every invariant.
  EXPECT_GT(sum.published, static_cast<int>(runs) * 20);
  EXPECT_GT(sum.delivered, static_cast<int>(runs) * 20);
  EXPECT_GT(sum.dead_lettered, static_cast<int>(runs));
  EXPECT_GT(sum.crashes, static_cast<int>(runs));
  EXPECT_GT(sum.faults, static_cast<int>(runs));
}

TEST(Simulation, TheSameSeedDoesTheSame) {
  const auto once = play(7), again = play(7);
  EXPECT_EQ(once.published, again.published);
  EXPECT_EQ(once.requests, again.requests);
  EXPECT_EQ(once.faults, again.faults);
  EXPECT_EQ(once.delivered, again.delivered);
  EXPECT_EQ(once.dead_lettered, again.dead_lettered);
}

}  // namespace
}  // namespace opi::simulation
