#include "delivery/discovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

// Two daemons over one store: what one stores, the other finds.
class Discovering : public test::WithEngine {
 protected:
  int looks() const { return looks_; }
  void count_looks() {
    store.choose = [this](test::StoreOperation operation) {
      looks_ += operation == test::StoreOperation::discover;
      return test::StoreFault::none;
    };
  }
  // As another daemon stores it that tells nobody.
  void store_elsewhere(const std::string& id) {
    test::Engine other(stores(), registry, transport, clock, random);
    other.catalog.refresh();
    other.on_submit = [&] { other.intake.run_once(); };
    other.intake.submit({test::event(id)});
  }
  std::size_t sent() {
    engine().dispatcher.run_once();
    return transport.under_way.size();
  }
  int looks_ = 0;
};

TEST_F(Discovering, GoesRoundAtItsIntervalAndWhenItIsTold) {
  engine();
  count_looks();
  EXPECT_EQ(engine().discovery.run_once(), 1'000ms);
  EXPECT_EQ(looks(), 0);
  clock.advance(1s);
  EXPECT_EQ(engine().discovery.run_once(), 1'000ms);
  EXPECT_EQ(looks(), 1);
  engine().discovery.look_everywhere();
  engine().discovery.run_once();
  EXPECT_EQ(looks(), 2);
}

TEST_F(Discovering, FindsWhatNobodyToldOf) {
  engine();
  store_elsewhere("e-1");
  EXPECT_EQ(sent(), 0u);
  clock.advance(1s);
  engine().discovery.run_once();
  EXPECT_EQ(sent(), 1u);
}

// What became visible late, by far: the watermark is beyond it, and no sweep of the claims reaches back so far.
TEST_F(Discovering, FindsWhatLiesFarBelowTheWatermark) {
  engine().intake.submit({test::event("e-1")});
  EXPECT_EQ(sent(), 1u);
  clock.advance(-5min);
  store_elsewhere("e-2");
  clock.advance(5min + 2s);
  EXPECT_EQ(sent(), 1u);
  engine().discover();
  EXPECT_EQ(sent(), 2u);
}

TEST_F(Discovering, AnAbsentStoreIsWaitedForAndToldOnce) {
  engine();
  store.fail_next(test::StoreOperation::discover, test::StoreFault::unavailable, 3);
  engine().discovery.look_everywhere();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(engine().discovery.run_once(), 500ms);
  engine().discovery.run_once();
  const auto events = engine().logger.events();
  EXPECT_EQ(std::ranges::count(events, "discovery.store_unavailable"), 1);
  EXPECT_EQ(std::ranges::count(events, "discovery.store_back"), 1);
}

// A daemon that stood still in the middle of a round learns nothing of what rounds cost.
TEST_F(Discovering, TheRestAfterALongRoundIsBounded) {
  engine();
  store.choose = [this](test::StoreOperation operation) {
    if (operation == test::StoreOperation::discover) clock.advance(10min);
    return test::StoreFault::none;
  };
  engine().discovery.look_everywhere();
  EXPECT_EQ(engine().discovery.run_once(), 30s);
}

// 1,300 destinations are three looks, one a run, so that no statement is long.
TEST_F(Discovering, LooksAtAPageAtATime) {
  for (int n = 2; n <= 1'300; ++n) {
    auto d = test::destination(1);
    d.id.value.bytes[14] = static_cast<std::uint8_t>(n >> 8);
    d.id.value.bytes[15] = static_cast<std::uint8_t>(n);
    d.id.value.bytes[13] = 1;
    put(d);
  }
  engine();
  count_looks();
  engine().discovery.look_everywhere();
  EXPECT_EQ(engine().discovery.run_once(), 0ms);
  EXPECT_EQ(looks(), 1);
  EXPECT_EQ(engine().discovery.run_once(), 0ms);
  EXPECT_GT(engine().discovery.run_once(), 0ms);
  EXPECT_EQ(looks(), 3);
}

// It stands in the store, for however long, and what is known to be due goes all the same: who claims asks for nothing
// else, and nobody holds what he needs.
TEST_F(Discovering, GatesNoClaim) {
  engine();
  std::map<test::StoreOperation, int> inside;
  int standing = 0;
  store.choose = [&](test::StoreOperation operation) {
    if (standing > 0) ++inside[operation];
    if (operation == test::StoreOperation::discover && standing++ == 0) {
      for (int i = 1; i <= 3; ++i) {
        engine().intake.submit({test::event("e-" + std::to_string(i))});
        clock.advance(20ms);
        EXPECT_EQ(sent(), static_cast<std::size_t>(i));
      }
      standing = -1'000;
    }
    return test::StoreFault::none;
  };
  engine().discovery.look_everywhere();
  engine().discovery.run_once();
  EXPECT_EQ(inside[test::StoreOperation::claim], 3);
  EXPECT_EQ(inside[test::StoreOperation::discover], 0) << "who claims, looked";
}

TEST_F(Discovering, ARestartKeepsToWhatTheReceiverAskedFor) {
  publish_and_dispatch();
  transport.answer(429, "", {{"retry-after", "60"}});
  engine().settler.run_once();
  engine().discovery.run_once();  // writes it down
  engine_.reset();
  transport.under_way.clear();
  engine().intake.submit({test::event("e-2")});
  EXPECT_EQ(sent(), 0u);
  const auto status = engine().scheduler.status(test::destination_id(1), clock.mono_now());
  EXPECT_EQ(status.pause, 60s);
  clock.advance(60s);
  engine().discover();
  EXPECT_GT(sent(), 0u);
}

TEST_F(Discovering, ARestartKeepsABreakerOpenAndSendsOneProbe) {
  options.scheduler.breaker = {.failure_threshold = 2, .cooldown = 30s};
  for (const char* id : {"e-1", "e-2", "e-3", "e-4"}) engine().intake.submit({test::event(id)});
  dispatch();
  while (!transport.under_way.empty()) transport.answer(503);
  engine().settler.run_once();
  engine().discovery.run_once();
  engine_.reset();
  clock.advance(29s);
  engine().discover();
  EXPECT_EQ(sent(), 0u);
  clock.advance(1s);
  engine().discover();
  EXPECT_EQ(sent(), 1u) << "the probe";
}

TEST_F(Discovering, WhatCouldNotBeWrittenDownIsWrittenLater) {
  // The memory of a pause goes to the store in its own time; if that is away, nothing is forgotten.
  class Away final : public FleetStore {
   public:
    explicit Away(FleetStore& inner) : inner_(inner) {}
    FleetSnapshot beat(const Terms& terms) override { return inner_.beat(terms); }
    void leave(const std::string& id) override { inner_.leave(id); }
    Roll roll() override { return inner_.roll(); }
    void remember(std::span<const DestinationMemory> all, const std::string& id) override {
      if (failures-- > 0) throw StoreUnavailable("away");
      inner_.remember(all, id);
    }
    std::vector<DestinationMemory> recall(std::span<const DestinationId> ids, const std::string& id) override {
      return inner_.recall(ids, id);
    }
    int failures = 2;

   private:
    FleetStore& inner_;
  } away(fleet_store);
  publish_and_dispatch();
  transport.answer(429, "", {{"retry-after", "60"}});
  engine().settler.run_once();
  Discovery discovery(store, away, engine().scheduler, engine().instruments, [] {}, {.daemon_id = "daemon-1"});
  EXPECT_EQ(discovery.run_once(), 500ms);
  EXPECT_EQ(discovery.run_once(), 500ms);
  discovery.run_once();
  const std::vector<DestinationId> ids{test::destination_id(1)};
  const auto known = fleet_store.recall(ids, "daemon-1");
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].pause, 60s);
}

}  // namespace
}  // namespace opi::delivery
