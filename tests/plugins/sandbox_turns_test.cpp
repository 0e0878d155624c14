#include <algorithm>
#include <atomic>
#include <future>

#include "foundation/mutex.hpp"
#include "plugins/sandbox_fixture.hpp"

namespace opi::plugins::testing {
namespace {

using std::chrono::milliseconds;

// Whoever comes beside a tenant that has much to ask goes first once the process is free: nothing of the other one's
// was given to it beside the call that it is in.
TEST_F(Sandboxed, BehindATenantWithManyCallsAnotherHasTheNextTurn) {
  const auto bad = place("spin"), many = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  constexpr std::size_t calls = 99;
  Mutex mutex;
  std::vector<std::string> order;
  std::promise<void> all;
  const auto noting = [&](const std::string& whose) {
    return [&, whose](delivery::Rendering&& rendering) {
      EXPECT_EQ(rendering.ok, whose != "bad") << rendering.error;
      const Lock lock(mutex);
      order.push_back(whose);
      if (order.size() == calls + 2) all.set_value();
    };
  };
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_, noting("bad"));
  for (std::size_t i = 0; i < calls; ++i)
    many.adapter->begin_render({event_, many.destination, delivery_, key_}, secrets_, noting("many"));
  other.adapter->begin_render({event_, other.destination, delivery_, key_}, secrets_, noting("other"));
  all.get_future().wait();
  EXPECT_EQ(order.at(0), "bad");
  EXPECT_EQ(order.at(1), "other");
}

// Turns are of the process's time and not of calls: all that a tenant with quick calls has to ask is less than one call
// of the other one's takes, and goes before the second but one.
TEST_F(Sandboxed, QuickCallsDoNotTakeTurnsWithAsManySlowOnes) {
  auto patient = options();
  patient.sandbox.call_deadline = milliseconds{30'000};
  load(patient);
  const auto slow = place("dawdle");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto quick = place("fine");
  constexpr std::size_t slow_calls = 5, quick_calls = 300;
  Mutex mutex;
  std::string order;
  std::promise<void> all;
  const auto noting = [&](char whose) {
    return [&, whose](delivery::Rendering&& rendering) {
      EXPECT_TRUE(rendering.ok) << rendering.error;
      const Lock lock(mutex);
      order += whose;
      if (order.size() == slow_calls + quick_calls) all.set_value();
    };
  };
  for (std::size_t i = 0; i < slow_calls; ++i)
    slow.adapter->begin_render({event_, slow.destination, delivery_, key_}, secrets_, noting('s'));
  for (std::size_t i = 0; i < quick_calls; ++i)
    quick.adapter->begin_render({event_, quick.destination, delivery_, key_}, secrets_, noting('q'));
  all.get_future().wait();
  EXPECT_LE(std::ranges::count(order.substr(0, order.rfind('q')), 's'), 2) << order;
}

TEST_F(Sandboxed, OneTenantLeavesRoomInTheQueueToOthers) {
  auto few = options();
  few.sandbox.waiting_calls = 8;
  load(few);
  const auto bad = place("spin"), many = place("fine");
  event_.tenant_id = *TenantId::parse("nordlicht");
  const auto other = place("fine");
  std::atomic<int> answered = 0, held = 0;
  std::promise<void> all;
  const auto count = [&](delivery::Rendering&& rendering) {
    if (!rendering.held.empty()) ++held;
    if (++answered == 9) all.set_value();
  };
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_, count);
  for (int i = 0; i < 7; ++i) many.adapter->begin_render({event_, many.destination, delivery_, key_}, secrets_, count);
  EXPECT_EQ(held, 1) << "alone, it has all but one";
  other.adapter->begin_render({event_, other.destination, delivery_, key_}, secrets_, count);
  all.get_future().wait();
  EXPECT_EQ(held, 1);
}

TEST_F(Sandboxed, BeyondItsQueueCallsAreHeld) {
  auto few = options();
  few.sandbox.waiting_calls = 3;
  load(few);
  const auto bad = place("spin"), good = place("fine");
  std::atomic<int> held = 0, answered = 0;
  std::promise<void> all;
  const auto count = [&](delivery::Rendering&& rendering) {
    if (!rendering.held.empty()) ++held;
    if (++answered == 4) all.set_value();
  };
  bad.adapter->begin_render({event_, bad.destination, delivery_, key_}, secrets_, count);
  for (int i = 0; i < 3; ++i) good.adapter->begin_render({event_, good.destination, delivery_, key_}, secrets_, count);
  all.get_future().wait();
  EXPECT_EQ(held, 1);
}

}  // namespace
}  // namespace opi::plugins::testing
