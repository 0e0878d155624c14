#include "delivery/hold_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "domain/receiver.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Watching : public test::WithEngine {
 protected:
  void look() {
    if (!watch_) {
      auto& e = engine();
      watch_ =
          std::make_unique<HoldWatch>(e.catalog, registry, e.secrets, e.scheduler, e.instruments, HoldWatch::Options{});
    }
    engine().discover();
    while (watch_->run_once() < 1s) {
    }
    engine().discovery.run_once();
  }
  std::optional<Hold> hold() {
    const auto status = engine().scheduler.status(id_, clock.mono_now());
    return hold_of(*engine().catalog.current()->destinations.at(id_), status, clock.unix_now());
  }
  std::string cause() {
    const auto now = hold();
    return now ? std::string(to_string(now->cause)) : "";
  }
  std::string stored() {
    const auto memories = fleet_store.recall({{id_}}, "another");
    return memories.empty() || !memories[0].hold ? "" : std::string(to_string(memories[0].hold->cause));
  }
  long told(const char* event) { return std::ranges::count(engine().logger.events(), event); }
  void change(const std::function<void(Destination&)>& how) {
    auto d = test::destination(1);
    how(d);
    put(d);
    engine().catalog.refresh();
  }
  const DestinationId id_ = test::destination_id(1);

 private:
  std::unique_ptr<HoldWatch> watch_;
};

TEST_F(Watching, FindsThatAnAdapterIsMissingThoughNothingIsDue) {
  look();
  EXPECT_EQ(cause(), "");
  const auto began = clock.unix_now();
  registry.held_reason = "no loaded plugin offers the adapter";
  for (int i = 0; i < 20; ++i) {
    look();
    clock.advance(1s);
  }
  EXPECT_EQ(hold(), (Hold{HoldCause::adapter_missing, registry.held_reason, began}));
  EXPECT_EQ(stored(), "adapter_missing");
  EXPECT_EQ(told("destination.held"), 1);
  EXPECT_THAT(engine().metrics.exposition(), HasSubstr("opi_destinations_held{cause=\"adapter_missing\"} 1\n"));
  registry.held_reason.clear();
  look();
  EXPECT_EQ(cause(), "");
  EXPECT_EQ(stored(), "");
  EXPECT_EQ(told("destination.resumed"), 1);
  EXPECT_THAT(engine().metrics.exposition(), HasSubstr("opi_destinations_held{cause=\"adapter_missing\"} 0\n"));
}

TEST_F(Watching, OneThatIsEnabledAgainIsSentToAtOnce) {
  look();
  change([](Destination& d) {
    d.enabled = false;
    d.disabled_reason = "maintenance";
  });
  EXPECT_EQ(hold(), (Hold{HoldCause::disabled, "maintenance"})) << "at once, but for its time";
  const auto noted = clock.unix_now();
  look();
  EXPECT_EQ(hold(), (Hold{HoldCause::disabled, "maintenance", noted}));
  EXPECT_EQ(told("destination.held"), 0) << "somebody wants it so";
  engine().intake.submit({test::event("e-1")});
  dispatch();
  change([](Destination&) {});
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
  EXPECT_EQ(cause(), "");
}

TEST_F(Watching, AnAdapterThatCanOnlyBeAskedSaysSoThroughTheWatch) {
  // What an attempt found, found again before the next attempt: one hold, not one that comes and goes.
  registry.adapter->change_rendering = [](Rendering& rendering) {
    rendering.ok = false;
    rendering.held = "it refuses the configuration";
    rendering.held_cause = HoldCause::configuration_refused;
  };
  engine().intake.submit({test::event("e-1")});
  dispatch();
  ASSERT_EQ(cause(), "configuration_refused");
  for (int i = 0; i < 10; ++i) {
    clock.advance(5s);
    dispatch();
  }
  EXPECT_EQ(cause(), "configuration_refused");
  EXPECT_EQ(told("destination.held"), 1);
  EXPECT_EQ(told("destination.resumed"), 0);
}

TEST_F(Watching, ASecretThatIsNotThereHoldsUntilItIs) {
  engine().provider->status = secrets::ResolveStatus::not_found;
  change([](Destination& d) {
    d.signing = SigningRule::required;
    d.credentials = {{"signing", 1, "mem://signing", {}, {}, {}}};
    bind_credentials(d);
  });
  engine().intake.submit({test::event("e-1")});
  dispatch();
  EXPECT_EQ(cause(), "credential_unusable");
  EXPECT_EQ(hold()->detail, "its signing credential is missing");
  look();
  EXPECT_EQ(cause(), "credential_unusable");
  EXPECT_EQ(stored(), "credential_unusable");
  engine().provider->status = secrets::ResolveStatus::ok;
  clock.advance(10s);
  look();
  EXPECT_EQ(cause(), "") << "though nothing was sent";
}

TEST_F(Watching, AStoreOfSecretsThatIsAwayIsNotTheCredentialsFault) {
  engine().provider->status = secrets::ResolveStatus::unavailable;
  engine().intake.submit({test::event("e-1")});
  dispatch();
  EXPECT_EQ(cause(), "secret_store_unavailable");
  engine().settler.run_once();
  engine().provider->status = secrets::ResolveStatus::ok;
  clock.advance(10min);
  for (int i = 0; i < 3; ++i) dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  transport.answer(503);
  engine().settler.run_once();
  EXPECT_EQ(cause(), "") << "something was sent, whatever became of it";
}

TEST_F(Watching, TheFirstCauseIsToldAndABreakerHasItsEnd) {
  look();
  Scheduler::LaneStatus status;
  const UnixTime now = clock.unix_now(), since = now - 1min;
  auto d = *engine().catalog.current()->destinations.at(id_);
  status.pause = 7s;
  status.paused_since = since;
  EXPECT_EQ(hold_of(d, status, now),
            (Hold{HoldCause::paused_by_receiver, "the receiver asked for silence", since, now + 7s}));
  status.breaker = Scheduler::LaneStatus::Breaker::open;
  status.probe_in = 5s;
  status.tripped_since = since;
  EXPECT_EQ(hold_of(d, status, now), (Hold{HoldCause::breaker_open, "the receiver did not answer", since, now + 5s}));
  status.hold = Hold{HoldCause::adapter_quarantined, "it crashed", since};
  EXPECT_EQ(hold_of(d, status, now), status.hold);
  d.enabled = false;
  EXPECT_EQ(hold_of(d, status, now)->cause, HoldCause::disabled);
  EXPECT_EQ(hold_of(d, status, now)->since, std::nullopt) << "that time is another cause's";
  d.not_understood = "labels";
  EXPECT_EQ(hold_of(d, status, now), (Hold{HoldCause::newer_version, "labels"}));
}

}  // namespace
}  // namespace opi::delivery
