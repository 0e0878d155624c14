#include "foundation/mutex.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace opi {
namespace {

TEST(Locks, AreHeldByOneThreadAtATime) {
  Mutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) {
        const Lock lock(mutex);
        ++count;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 40'000);
}

TEST(Locks, AreFreeBetweenUnlockAndLock) {
  Mutex mutex;
  Lock lock(mutex);
  std::thread([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
  lock.unlock();
  std::thread([&] {
    ASSERT_TRUE(mutex.try_lock());
    mutex.unlock();
  }).join();
  lock.lock();
  std::thread([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
}

TEST(Conditions, FreeTheMutexWhileTheyWaitAndTellOfTheTime) {
  Mutex mutex;
  Condition changed;
  bool set = false;
  std::thread setter([&] {
    const Lock lock(mutex);
    set = true;
    changed.notify_all();
  });
  {
    Lock lock(mutex);
    while (!set) changed.wait(lock);
    EXPECT_FALSE(changed.wait_until(lock, std::chrono::steady_clock::now())) << "it is over already";
  }
  setter.join();
}

TEST(SharedLocks, GoTogetherButNotWithAnExclusiveOne) {
  SharedMutex mutex;
  { const SharedLock one(mutex), two(mutex); }
  std::atomic<bool> entered = false;
  std::thread reader;
  {
    const ExclusiveLock alone(mutex);
    reader = std::thread([&] {
      const SharedLock lock(mutex);
      entered = true;
    });
    EXPECT_FALSE(entered);
  }
  reader.join();
  EXPECT_TRUE(entered);
}

}  // namespace
}  // namespace opi
