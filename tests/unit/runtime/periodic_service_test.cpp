#include "runtime/periodic_service.hpp"

#include <gtest/gtest.h>

#include "tally.hpp"
#include "unit/recording_logger.hpp"

namespace opi::runtime {
namespace {

using namespace std::chrono_literals;

class Periodic : public testing::Test {
 protected:
  test::RecordingLogger logger;
  Tally runs;
};

TEST_F(Periodic, RunsAgainAtOnceWhenItIsToldZero) {
  PeriodicService service(
      "test", [&] { return runs.add(), runs.count() < 3 ? 0ms : std::chrono::milliseconds{1h}; }, logger);
  service.start();
  EXPECT_TRUE(runs.reaches(3));
}

TEST_F(Periodic, WaitsUntilItIsWoken) {
  PeriodicService service(
      "test", [&] { return runs.add(), std::chrono::milliseconds{1h}; }, logger);
  service.start();
  ASSERT_TRUE(runs.reaches(1));
  service.wake();
  EXPECT_TRUE(runs.reaches(2));
  service.wake();
  EXPECT_TRUE(runs.reaches(3));
}

TEST_F(Periodic, AWakeDuringARunIsNotLost) {
  Tally inside, go;
  PeriodicService service(
      "test",
      [&] {
        runs.add();
        if (runs.count() == 1) {
          inside.add();
          EXPECT_TRUE(go.reaches(1));
        }
        return std::chrono::milliseconds{1h};
      },
      logger);
  service.start();
  ASSERT_TRUE(inside.reaches(1));
  service.wake();
  go.add();
  EXPECT_TRUE(runs.reaches(2));
}

TEST_F(Periodic, AnExceptionIsLoggedAndTheNextRunFollowsAfterTheFailurePause) {
  PeriodicService service(
      "test",
      [&]() -> std::chrono::milliseconds {
        runs.add();
        if (runs.count() < 3) throw std::runtime_error("boom");
        return 1h;
      },
      logger, 1ms);
  service.start();
  EXPECT_TRUE(runs.reaches(3));
  service.stop();
  EXPECT_EQ(logger.events(), (std::vector<std::string>{"service.failed", "service.failed"}));
}

TEST_F(Periodic, TheFailurePauseIsKeptUnlessItIsWoken) {
  PeriodicService service(
      "test",
      [&]() -> std::chrono::milliseconds {
        runs.add();
        throw std::runtime_error("boom");
      },
      logger, 1h);
  service.start();
  ASSERT_TRUE(runs.reaches(1));
  service.wake();
  ASSERT_TRUE(runs.reaches(2));
  service.stop();
  EXPECT_EQ(runs.count(), 2) << "without the pause it would have run many times by now";
}

TEST_F(Periodic, StopFinishesTheRunUnderWayAndIsIdempotent) {
  Tally inside, go, finished;
  PeriodicService service(
      "test",
      [&] {
        inside.add();
        EXPECT_TRUE(go.reaches(1));
        finished.add();
        return 0ms;
      },
      logger);
  service.start();
  ASSERT_TRUE(inside.reaches(1));
  std::thread stopper([&] { service.stop(); });
  go.add();
  stopper.join();
  EXPECT_GE(finished.count(), 1);
  const int runs_at_stop = finished.count();
  service.stop();
  service.wake();
  EXPECT_EQ(finished.count(), runs_at_stop);
}

// So that several can be asked before any is waited for.
TEST_F(Periodic, ARequestToStopWaitsForNoRunAndNoneBeginsAfterIt) {
  Tally inside, go;
  PeriodicService service(
      "test",
      [&] {
        inside.add();
        EXPECT_TRUE(go.reaches(1));
        return 0ms;
      },
      logger);
  service.start();
  ASSERT_TRUE(inside.reaches(1));
  service.request_stop();
  go.add();
  service.stop();
  EXPECT_EQ(inside.count(), 1);
}

TEST_F(Periodic, ARequestEndsTheWaitAndTakesNoWakingBack) {
  PeriodicService service(
      "test", [&] { return runs.add(), std::chrono::milliseconds{1h}; }, logger);
  service.start();
  ASSERT_TRUE(runs.reaches(1));
  service.request_stop();
  service.wake();
  service.stop();
  EXPECT_EQ(runs.count(), 1);
}

TEST_F(Periodic, StopBeforeStartIsHarmless) {
  PeriodicService service(
      "test", [&] { return runs.add(), 0ms; }, logger);
  service.stop();
  EXPECT_EQ(runs.count(), 0);
}

}  // namespace
}  // namespace opi::runtime
