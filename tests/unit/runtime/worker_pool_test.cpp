#include "runtime/worker_pool.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tally.hpp"
#include "unit/recording_logger.hpp"

namespace opi::runtime {
namespace {

using namespace std::chrono_literals;

void nothing(const std::exception_ptr&) {}

TEST(WorkerPool, RunsEveryJob) {
  test::RecordingLogger logger;
  Tally done;
  WorkerPool pool("test", 3, logger);
  for (int i = 0; i < 100; ++i) pool.submit([&] { done.add(); }, nothing);
  EXPECT_TRUE(done.reaches(100));
}

TEST(WorkerPool, OneThreadRunsJobsInOrder) {
  test::RecordingLogger logger;
  Tally done;
  std::vector<int> order;
  WorkerPool pool("test", 1, logger);
  for (int i = 0; i < 50; ++i)
    pool.submit(
        [&, i] {
          order.push_back(i);
          done.add();
        },
        nothing);
  ASSERT_TRUE(done.reaches(50));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(WorkerPool, ABlockedJobLeavesTheOtherThreadsFree) {
  test::RecordingLogger logger;
  Tally blocked, go, done;
  WorkerPool pool("test", 2, logger);
  pool.submit(
      [&] {
        blocked.add();
        EXPECT_TRUE(go.reaches(1));
      },
      nothing);
  ASSERT_TRUE(blocked.reaches(1));
  pool.submit([&] { done.add(); }, nothing);
  EXPECT_TRUE(done.reaches(1));
  go.add();
}

// Whoever waits for what comes after it is told, whatever kind of thing was thrown.
TEST(WorkerPool, AFailedJobIsLoggedAndFollowedByWhatComesAfterIt) {
  test::RecordingLogger logger;
  Tally done;
  std::vector<std::string> told;
  WorkerPool pool("test", 1, logger);
  const auto after = [&](const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& known) {
      told.emplace_back(known.what());
    } catch (int number) {
      told.push_back(std::to_string(number));
    }
    done.add();
  };
  pool.submit([] { throw std::runtime_error("boom"); }, after);
  pool.submit([] { throw 7; }, after);
  pool.submit([&] { done.add(); }, nothing);
  ASSERT_TRUE(done.reaches(3));
  EXPECT_EQ(told, (std::vector<std::string>{"boom", "7"}));
  EXPECT_EQ(logger.events(), (std::vector<std::string>{"worker.failed", "worker.failed"}));
}

TEST(WorkerPool, WhatComesAfterAJobMayThrowAndTheThreadGoesOn) {
  test::RecordingLogger logger;
  Tally done;
  WorkerPool pool("test", 1, logger);
  pool.submit([] {}, [](const auto&) { throw std::runtime_error("late"); });
  pool.submit([] {}, [](const auto&) { throw 7; });
  pool.submit([&] { done.add(); }, nothing);
  ASSERT_TRUE(done.reaches(1));
  EXPECT_EQ(logger.events(), (std::vector<std::string>{"worker.failed", "worker.failed"}));
}

TEST(WorkerPool, StartsNoMoreThreadsThanItsLimit) {
  test::RecordingLogger logger;
  Tally inside, go, done;
  WorkerPool pool("test", 2, logger);
  for (int i = 0; i < 3; ++i)
    pool.submit(
        [&] {
          inside.add();
          EXPECT_TRUE(go.reaches(1));
        },
        [&](const auto&) { done.add(); });
  ASSERT_TRUE(inside.reaches(2));
  EXPECT_EQ(inside.count(), 2);
  go.add();
  EXPECT_TRUE(done.reaches(3));
}

TEST(WorkerPool, StopFinishesWhatRunsAndDropsWhatWaits) {
  test::RecordingLogger logger;
  Tally inside, go, finished, dropped;
  WorkerPool pool("test", 1, logger);
  pool.submit(
      [&] {
        inside.add();
        EXPECT_TRUE(go.reaches(1));
      },
      [&](const auto&) { finished.add(); });
  ASSERT_TRUE(inside.reaches(1));
  // Its destructor tells that the waiting job was dropped, which stop() does before it waits for the threads.
  std::shared_ptr<int> witness(new int, [&](const int* p) {
    delete p;
    dropped.add();
  });
  pool.submit([kept = std::move(witness), &finished] { finished.add(); }, nothing);
  std::thread stopper([&] { EXPECT_EQ(pool.stop(20s), 0u); });
  ASSERT_TRUE(dropped.reaches(1));
  go.add();
  stopper.join();
  EXPECT_EQ(finished.count(), 1);
  pool.submit([&] { finished.add(); }, nothing);
  EXPECT_EQ(pool.stop(20s), 0u);
  EXPECT_EQ(finished.count(), 1);
}

TEST(WorkerPool, StopLeavesBehindWhatDoesNotComeBack) {
  struct Outside {  // of the pool and all that ends with it
    Tally inside, go, back;
  };
  const auto outside = std::make_shared<Outside>();
  bool went_on = false;
  {
    test::RecordingLogger logger;
    WorkerPool pool("test", 2, logger);
    pool.submit(
        [outside] {
          outside->inside.add();
          EXPECT_TRUE(outside->go.reaches(1));
          outside->back.add();
        },
        [&](const auto&) { went_on = true; });
    ASSERT_TRUE(outside->inside.reaches(1));
    EXPECT_EQ(pool.stop(1ms), 1u);
  }
  outside->go.add();
  EXPECT_TRUE(outside->back.reaches(1));
  EXPECT_FALSE(went_on);
}

}  // namespace
}  // namespace opi::runtime
