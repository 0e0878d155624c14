#include <gtest/gtest.h>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

// What is due for a disabled destination waits, and goes out when it is enabled.
class HeldDestination : public test::WithEngine {
 protected:
  void set(bool enabled) {
    auto d = test::destination(1);
    d.enabled = enabled;
    d.rate_limit_per_second = 10;
    d.max_in_flight = 100;
    put(d);
    engine().catalog.refresh();
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(1ms);
      engine().intake.submit({test::event("e-" + std::to_string(next_++))});
    }
  }
  // Dispatches until nothing more goes out at this time, answers everything, and tells the events in their order.
  std::vector<std::string> sent() {
    for (int i = 0; i < 5; ++i) dispatch();  // 20 ms each
    std::vector<std::string> events;
    for (const auto& flight : transport.under_way)
      events.push_back(
          query.find(*TenantId::parse("acme"), *DeliveryId::parse(flight.request.headers.at(0).value))->event_id.str());
    while (!transport.under_way.empty()) transport.answer(200);
    engine().settler.run_once();
    return events;
  }
  int next_ = 0;
};

TEST_F(HeldDestination, HoldsWhatIsDueAndSendsTheOldestFirstWithoutABurst) {
  set(false);
  publish(40);
  clock.advance(24h);  // a bucket that went on filling would hold all of them by now
  EXPECT_TRUE(sent().empty());
  for (const auto& one : deliveries()) EXPECT_EQ(one.state, DeliveryState::pending);

  set(true);
  std::vector<std::string> all;
  auto first = sent();
  EXPECT_LE(first.size(), 11u) << "one second's worth, and what these 100 ms add";
  EXPECT_GE(first.size(), 10u);
  all = first;
  for (int second = 0; second < 4; ++second) {
    clock.advance(900ms);
    const auto next = sent();
    EXPECT_LE(next.size(), 11u);
    all.insert(all.end(), next.begin(), next.end());
  }
  ASSERT_EQ(all.size(), 40u);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], "e-" + std::to_string(i));
}

TEST_F(HeldDestination, KeepsRetriesToo) {
  set(true);
  publish(1);
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  set(false);
  transport.answer(503);
  engine().settler.run_once();
  clock.advance(10h);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(only_delivery().state, DeliveryState::retry_scheduled);
  publish(1);
  set(true);
  EXPECT_EQ(sent(), (std::vector<std::string>{"e-0", "e-1"}));
}

}  // namespace
}  // namespace opi::delivery
