#include "identity/rate_limit.hpp"

#include <gtest/gtest.h>

#include "identity/failed_sign_ins.hpp"
#include "support/manual_clock.hpp"
#include "unit/identity/memory_stores.hpp"

namespace opi::identity {
namespace {

using namespace std::chrono_literals;

class Limiting : public testing::Test {
 protected:
  std::chrono::milliseconds take(RateLimit& limit, const std::string& key) { return limit.take(key, clock.mono_now()); }
  test::ManualClock clock;
};

TEST_F(Limiting, ABurstIsTakenAtOnceAndTheNextIsToldWhenToCome) {
  RateLimit limit({.per_second = 2, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(take(limit, "a"), 0ms);
  EXPECT_EQ(take(limit, "a"), 500ms);
  EXPECT_EQ(take(limit, "b"), 0ms) << "each key has its own bucket";
  clock.advance(499ms);
  EXPECT_GT(take(limit, "a"), 0ms);
  clock.advance(1ms);
  EXPECT_EQ(take(limit, "a"), 0ms);
  EXPECT_GT(take(limit, "a"), 0ms);
}

TEST_F(Limiting, ABucketHoldsNoMoreThanItsBurst) {
  RateLimit limit({.per_second = 1'000, .burst = 2});
  take(limit, "a");
  clock.advance(1h);
  EXPECT_EQ(take(limit, "a"), 0ms);
  EXPECT_EQ(take(limit, "a"), 0ms);
  EXPECT_GT(take(limit, "a"), 0ms);
}

TEST_F(Limiting, TheLongestUnusedBucketMakesRoom) {
  RateLimit limit({.per_second = 0.001, .burst = 1, .most_keys = 2});
  take(limit, "a");
  take(limit, "b");
  EXPECT_GT(take(limit, "a"), 0ms);
  take(limit, "c");  // instead of b
  EXPECT_GT(take(limit, "a"), 0ms);
  EXPECT_EQ(take(limit, "b"), 0ms);
}

class FailedAttempts : public Limiting {
 protected:
  // "target details" of every record so far.
  std::string audited() {
    std::string all;
    for (const auto& entry : log.entries) {
      EXPECT_EQ(entry.tenant.str(), "_system");
      EXPECT_EQ(entry.action, audit::Action::sign_in_failed);
      all += entry.target + " " + entry.details.substr(0, entry.details.find(',')) + "\n";
    }
    log.entries.clear();
    return all;
  }
  test::MemoryAuditLog log;
  FailedSignIns failures{log, clock, {.limit = {1, 10, 100}, .interval = 60s, .addresses = 3}};
};

TEST_F(FailedAttempts, AreLimitedPerAddress) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(failures.note("192.0.2.1"), 0ms);
  EXPECT_EQ(failures.note("192.0.2.1"), 1s);
  EXPECT_EQ(failures.note("192.0.2.2"), 0ms);
  clock.advance(1s);
  EXPECT_EQ(failures.note("192.0.2.1"), 0ms);
}

TEST_F(FailedAttempts, LeaveOneRecordPerAddressAndMinute) {
  failures.note("192.0.2.1");
  failures.run_once();
  EXPECT_EQ(audited(), "address:192.0.2.1 {\"attempts\":1\n");
  for (int i = 0; i < 1'000; ++i) failures.note("192.0.2.1");
  clock.advance(59'999ms);
  failures.run_once();
  EXPECT_EQ(audited(), "");
  clock.advance(1ms);
  failures.run_once();
  EXPECT_EQ(audited(), "address:192.0.2.1 {\"attempts\":1000\n");
  clock.advance(60s);
  failures.run_once();
  EXPECT_EQ(audited(), "") << "nothing happened since";
}

TEST_F(FailedAttempts, OfTooManyAddressesAreCountedTogether) {
  for (int i = 1; i <= 5; ++i) failures.note("192.0.2." + std::to_string(i));
  failures.run_once();
  EXPECT_EQ(audited(),
            "address:192.0.2.1 {\"attempts\":1\naddress:192.0.2.2 {\"attempts\":1\naddress:192.0.2.3 {\"attempts\":1\n"
            "address:others {\"attempts\":2\n");
}

TEST_F(FailedAttempts, AreNotLostWhenTheStoreIsAway) {
  failures.note("192.0.2.1");
  log.away = true;
  EXPECT_THROW(failures.run_once(), StoreUnavailable);
  failures.note("192.0.2.1");
  log.away = false;
  failures.run_once();
  EXPECT_EQ(audited(), "address:192.0.2.1 {\"attempts\":2\n");
}

TEST_F(FailedAttempts, AreWrittenAtTheEndWhetherDueOrNot) {
  failures.note("192.0.2.1");
  failures.run_once();
  audited();
  failures.note("192.0.2.1");
  failures.flush();
  EXPECT_EQ(audited(), "address:192.0.2.1 {\"attempts\":1\n");
}

}  // namespace
}  // namespace opi::identity
