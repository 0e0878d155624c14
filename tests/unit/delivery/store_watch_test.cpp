#include "delivery/store_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "domain/store_errors.hpp"
#include "support/manual_clock.hpp"
#include "unit/recording_logger.hpp"

namespace opi::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

struct ScriptedProbe final : WriteProbe {
  std::function<void()> on_probe = [] {};
  void prove_write() override { on_probe(); }
  std::function<std::optional<Ballast>()> on_weigh = [] { return std::nullopt; };
  std::optional<Ballast> weigh() override { return on_weigh(); }
};

class StoreWatching : public testing::Test {
 protected:
  void fail() {
    probe.on_probe = [] { throw StoreUnavailable("disk /secret/path is full"); };
  }
  int lines(const std::string& event) {
    const auto all = logger.events();
    return static_cast<int>(std::ranges::count(all, event));
  }

  ScriptedProbe probe;
  test::ManualClock clock;
  telemetry::Metrics metrics;
  test::RecordingLogger logger;
  StoreWatch::Options options;
  StoreWatch watch{probe, clock, metrics, logger, options};
};

TEST_F(StoreWatching, SaysWhatTheLastTryFoundAndTriesSoonerWhileItFails) {
  EXPECT_EQ(watch.fault(), "");
  EXPECT_EQ(watch.run_once(), options.interval);
  EXPECT_EQ(watch.fault(), "");
  fail();
  EXPECT_EQ(watch.run_once(), options.retry_interval);
  EXPECT_EQ(watch.run_once(), options.retry_interval);
  EXPECT_THAT(watch.fault(), HasSubstr("takes no writes"));
  EXPECT_THAT(watch.fault(), Not(HasSubstr("secret"))) << "the status port asks for no token";
  EXPECT_EQ(lines("store.not_writable"), 1);
  probe.on_probe = [] {};
  EXPECT_EQ(watch.run_once(), options.interval);
  EXPECT_EQ(watch.fault(), "");
  EXPECT_EQ(lines("store.writable"), 1);
}

TEST_F(StoreWatching, WeighsNowAndThenWhatTheStoreDragsAlong) {
  int weighed = 0;
  probe.on_weigh = [&] { return ++weighed, Ballast{1, 7, 1500ms}; };
  watch.run_once();
  watch.run_once();
  EXPECT_EQ(weighed, 1);
  EXPECT_EQ(metrics.outbox_dead_rows.Value(), 7);
  EXPECT_EQ(metrics.oldest_snapshot.Value(), 1.5);
  clock.advance(options.weigh_interval);
  probe.on_weigh = [&]() -> std::optional<Ballast> { throw StoreRefused("no right to look"); };
  EXPECT_EQ(watch.run_once(), options.interval);
  EXPECT_EQ(watch.fault(), "") << "it takes writes all the same";
  EXPECT_EQ(lines("store.not_weighed"), 1);
  EXPECT_EQ(metrics.store_failures("weigh").Value(), 1);
}

TEST_F(StoreWatching, WhateverTheProbeThrowsIsAFault) {
  probe.on_probe = [] { throw std::logic_error("SQLSTATE 54000"); };
  EXPECT_EQ(watch.run_once(), options.retry_interval);
  EXPECT_THAT(watch.fault(), HasSubstr("takes no writes"));
}

TEST_F(StoreWatching, AnAnswerIsWaitedForNoLongerThanItsPatience) {
  probe.on_probe = [&] {
    clock.advance(options.patience - 1ms);
    EXPECT_EQ(watch.fault(), "");
    clock.advance(1ms);
    EXPECT_THAT(watch.fault(), HasSubstr("does not answer"));
  };
  watch.run_once();
  EXPECT_EQ(watch.fault(), "") << "it has answered after all";
}

}  // namespace
}  // namespace opi::delivery
