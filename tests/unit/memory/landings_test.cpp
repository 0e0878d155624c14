#include <gtest/gtest.h>

#include "delivery/flight.hpp"
#include "unit/delivery/scheduling.hpp"
#include "unit/memory/running_out.hpp"

namespace opi::delivery {
namespace {

using test::MemoryRunsOut;
using LandingsWithoutMemory = Scheduling;

TEST_F(LandingsWithoutMemory, AFlightThatCannotBeginLeavesClaimAndSlotAsTheyWere) {
  Scheduler& scheduler = make({});
  add(1);
  update(scheduler);
  due(scheduler, {1});
  ASSERT_EQ(claim(scheduler.plan(now), 1), 1);
  Slot slot = take(1);
  Claim::Data data;
  data.destination = destination_id(1);
  data.lease = 7;
  data.carry = "longer than what fits into a string without memory of its own";
  Claim claim{data};
  const auto landings = std::make_shared<Landings>(10, [] {});

  {
    const MemoryRunsOut out{1, MemoryRunsOut::Where::here};
    EXPECT_THROW(Landings::begin(landings, std::move(claim), std::move(slot)), std::bad_alloc);
  }
  EXPECT_EQ(claim->lease, 7);
  EXPECT_EQ(claim->carry, data.carry);
  EXPECT_EQ(landings->waiting(), 0u);
  EXPECT_EQ(scheduler.counts(now).in_flight, 1) << "the slot was given back by what never was";

  // With memory the very same two begin.
  auto flight = Landings::begin(landings, std::move(claim), std::move(slot));
  EXPECT_EQ(flight->claim->carry, data.carry);
  flight.reset();
  ASSERT_EQ(landings->waiting(), 1u);
  Landings::Queue landed;
  landings->take(landed);
  landed.clear_and_dispose(std::default_delete<Flight>());
  EXPECT_EQ(scheduler.counts(now).in_flight, 0);
}

}  // namespace
}  // namespace opi::delivery
