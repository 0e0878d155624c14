#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "simulation/corpus.hpp"
#include "simulation/world.hpp"

// OPI_SIMULATION_SEED=S plays that seed alone, OPI_SIMULATION_RUNS=N that many fresh ones (from S on, if it is given).
namespace opi::simulation {
namespace {

constexpr int steps = 250, steps_between_checks = 25;
constexpr std::uint64_t fresh_runs = 3;  // beside the corpus
constexpr int deliveries_in_the_usual_runs = 10'000;

std::optional<std::uint64_t> from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : std::optional<std::uint64_t>(std::strtoull(text, nullptr, 10));
}

World::Totals play(std::uint64_t seed) {
  World::Totals totals;
  int step = 0;
  try {
    World world(seed);
    for (; step < steps; ++step) {
      world.step();
      if (step % steps_between_checks == 0) world.check();
    }
    world.settle_everything();
    totals = world.totals();
  } catch (const std::exception& failure) {
    ADD_FAILURE() << failure.what() << "\n  at step " << step << "; play it again with OPI_SIMULATION_SEED=" << seed;
  }
  return totals;
}

// Those of the corpus, and fresh ones: every run of the suite plays others.
std::vector<std::uint64_t> seeds_to_play() {
  const auto seed = from_environment("OPI_SIMULATION_SEED");
  const auto runs = from_environment("OPI_SIMULATION_RUNS");
  std::vector<std::uint64_t> seeds;
  if (!seed) seeds.assign(std::begin(corpus), std::end(corpus));
  const auto first = seed ? *seed : std::uint64_t{std::random_device{}()} << 16U;
  const auto fresh = runs ? *runs : seed ? 1 : fresh_runs;
  if (!seed) std::printf("fresh seeds from %llu on\n", static_cast<unsigned long long>(first));
  for (std::uint64_t i = 0; i < fresh; ++i) seeds.push_back(first + i);
  return seeds;
}

void print(const World::Totals& sum, std::size_t runs) {
  std::printf(
      "%zu runs: %d events and %d by the inbox, %d deliveries (%d delivered, %d dead-lettered, %d discarded, %d "
      "replayed, %d fed, %d "
      "removed "
      "by retention), %d requests (%d of them limited in rate), %d further steps\n  %d joined, %d left, %d crashed, %d "
      "stopped; the store failed %d "
      "times, stood still %d times and refused %d times, %d exceptions\n  all went within %ld s of %ld s, on average\n",
      runs, sum.published, sum.from_inbox, sum.deliveries, sum.delivered, sum.dead_lettered, sum.discarded,
      sum.replayed, sum.fed, sum.removed, sum.requests, sum.rated, sum.continued, sum.joins, sum.leaves, sum.crashes,
      sum.freezes, sum.store_faults, sum.stalls, sum.refused, sum.thrown, sum.calm_ms / 1000 / static_cast<long>(runs),
      sum.bound_ms / 1000 / static_cast<long>(runs));
}

TEST(Simulation, KeepsEveryInvariantOverManySeeds) {
  const auto seeds = seeds_to_play();
  World::Totals sum;
  std::size_t played = 0;
  for (const auto seed : seeds) {
    sum += play(seed);
    ++played;
    if (HasFailure()) break;
    if (played % 50 == 0) print(sum, played), std::fflush(stdout);
  }
  print(sum, played);
  if (HasFailure() || seeds.size() < std::size(corpus)) return;
  // A world in which nothing happens would keep every invariant.
  EXPECT_GE(sum.deliveries, deliveries_in_the_usual_runs);
  const int runs = static_cast<int>(played);
  for (const int count : {sum.joins, sum.leaves, sum.crashes, sum.freezes, sum.store_faults, sum.stalls, sum.refused,
                          sum.thrown, sum.from_inbox, sum.rated, sum.delivered, sum.dead_lettered, sum.discarded,
                          sum.replayed, sum.continued, sum.fed})
    EXPECT_GT(count, runs / 2);
  EXPECT_GT(sum.removed, 0);
}

TEST(Simulation, TheSameSeedDoesTheSame) {
  const auto once = play(7), again = play(7);
  EXPECT_EQ(once.published, again.published);
  EXPECT_EQ(once.requests, again.requests);
  EXPECT_EQ(once.store_faults, again.store_faults);
  EXPECT_EQ(once.delivered, again.delivered);
  EXPECT_EQ(once.calm_ms, again.calm_ms);
}

}  // namespace
}  // namespace opi::simulation
