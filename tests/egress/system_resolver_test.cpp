#include "egress/system_resolver.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "egress/name_cache.hpp"
#include "egress/outbound.hpp"

namespace opi::egress {
namespace {

using test::ip;
using test::patience;
using test::tenant;
using namespace std::chrono_literals;

Resolution found(std::string_view address) { return {{ip(address)}, {}}; }
Resolution missing() { return {{}, "no such name"}; }

TEST(NameCache, KeepsAnswersForTheirTimeAndNotLonger) {
  NameCache cache({.keep = 30s, .keep_failure = 5s, .max_names = 10});
  const MonoTime start{1h};
  cache.put("good", found("1.2.3.4"), start);
  cache.put("bad", missing(), start);
  EXPECT_NE(cache.find("good", start + 29'999ms), nullptr);
  EXPECT_NE(cache.find("bad", start + 4'999ms), nullptr);
  EXPECT_EQ(cache.find("bad", start + 5s), nullptr);
  EXPECT_EQ(cache.find("good", start + 30s), nullptr);
  EXPECT_EQ(cache.find("unknown", start), nullptr);
}

TEST(NameCache, HoldsAtMostSoManyNamesAndLetsTheStaleGoFirst) {
  NameCache cache({.keep = 30s, .keep_failure = 5s, .max_names = 3});
  const MonoTime start{1h};
  cache.put("a", found("1.2.3.4"), start);
  cache.put("stale", missing(), start);
  cache.put("b", found("1.2.3.4"), start);
  cache.put("b", found("1.2.3.5"), start);
  EXPECT_EQ(cache.size(), 3u);
  cache.put("c", found("1.2.3.4"), start + 6s);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_NE(cache.find("a", start + 6s), nullptr);
  EXPECT_NE(cache.find("b", start + 6s), nullptr);
  cache.put("d", found("1.2.3.4"), start + 6s);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_NE(cache.find("d", start + 6s), nullptr);
}

// Stands in for the C library: names that start with "hang" get no answer until they are released.
class Names {
 public:
  ~Names() { release(); }
  SystemResolver::Lookup lookup() {
    return [state = state_](const std::string& host) {
      std::unique_lock lock(state->mutex);
      ++state->asked[host];
      if (host.starts_with("hang")) {
        ++state->hanging;
        state->changed.notify_all();
        state->changed.wait(lock, [&] { return state->released; });
      }
      return host.starts_with("missing") ? missing() : found("1.2.3.4");
    };
  }
  void release() {
    const std::lock_guard lock(state_->mutex);
    state_->released = true;
    state_->changed.notify_all();
  }
  bool wait_for_hanging(int count) {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, patience, [&] { return state_->hanging >= count; });
  }
  int hanging() {
    const std::lock_guard lock(state_->mutex);
    return state_->hanging;
  }
  int asked(const std::string& host) {
    const std::lock_guard lock(state_->mutex);
    return state_->asked[host];
  }

 private:
  struct State {  // outlives the resolver, whose threads may still hang in it
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, int> asked;
    int hanging = 0;
    bool released = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

std::future<Resolution> ask(SystemResolver& resolver, const std::string& host, const TenantId& whose = tenant("acme")) {
  auto promise = std::make_shared<std::promise<Resolution>>();
  resolver.resolve(host, whose, [promise](const Resolution& resolution) { promise->set_value(resolution); });
  return promise->get_future();
}

Resolution await(std::future<Resolution> future) {
  if (future.wait_for(patience) == std::future_status::ready) return future.get();
  ADD_FAILURE() << "no answer";
  return {};
}

TEST(SystemResolver, AnswersAndCaches) {
  Names names;
  SystemResolver resolver({}, names.lookup());
  EXPECT_EQ(await(ask(resolver, "a.test")).addresses, found("1.2.3.4").addresses);
  EXPECT_EQ(await(ask(resolver, "a.test")).addresses.size(), 1u);
  EXPECT_EQ(await(ask(resolver, "missing.test")).failure, "no such name");
  EXPECT_EQ(await(ask(resolver, "missing.test")).failure, "no such name");
  EXPECT_EQ(names.asked("a.test"), 1);
  EXPECT_EQ(names.asked("missing.test"), 1);
}

TEST(SystemResolver, AsksOnceForAllWhoWait) {
  Names names;
  SystemResolver resolver({}, names.lookup());
  std::vector<std::future<Resolution>> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(ask(resolver, "hang.test"));
  ASSERT_TRUE(names.wait_for_hanging(1));
  names.release();
  for (auto& answer : answers) EXPECT_EQ(await(std::move(answer)).addresses.size(), 1u);
  EXPECT_EQ(names.asked("hang.test"), 1);
}

TEST(SystemResolver, FailsWhatHangsAndDoesNotAskAgainWhileItDoes) {
  Names names;
  SystemResolver resolver({.replace_after = 5ms, .lookup_timeout = 50ms, .cache = {.keep_failure = 0ms}},
                          names.lookup());
  EXPECT_THAT(await(ask(resolver, "hang.zone.test")).failure, testing::HasSubstr("50 ms"));
  EXPECT_THAT(await(ask(resolver, "hang.zone.test")).failure, testing::HasSubstr("do not answer"));
  EXPECT_THAT(await(ask(resolver, "hang2.zone.test")).failure, testing::HasSubstr("do not answer"));
  EXPECT_EQ(names.hanging(), 1);
}

TEST(SystemResolver, ALateAnswerServesThoseWhoAskNext) {
  Names names;
  SystemResolver resolver({.replace_after = 5ms, .lookup_timeout = 30ms, .cache = {.keep_failure = 0ms}},
                          names.lookup());
  EXPECT_TRUE(await(ask(resolver, "hang.zone.test")).addresses.empty());
  names.release();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (await(ask(resolver, "hang.zone.test")).addresses.empty())
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_FALSE(await(ask(resolver, "b.zone.test")).addresses.empty());  // the zone is trusted again
}

// More hanging names than threads, of many zones: the pool grows past them, and others are answered.
TEST(SystemResolver, HangingNamesDoNotStopOthers) {
  Names names;
  SystemResolver resolver(
      {.replace_after = 5ms, .lookup_timeout = 10s, .threads = 2, .max_threads = 40, .max_per_site = 4},
      names.lookup());
  std::vector<std::future<Resolution>> hanging;
  for (int zone = 0; zone < 8; ++zone)
    for (int name = 0; name < 10; ++name)
      hanging.push_back(ask(resolver, "hang" + std::to_string(name) + ".zone" + std::to_string(zone) + ".test"));
  ASSERT_TRUE(names.wait_for_hanging(32));  // the share of each zone
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(await(ask(resolver, "good" + std::to_string(i) + ".test")).addresses.size(), 1u);
  EXPECT_EQ(names.hanging(), 32);
  names.release();
  for (auto& answer : hanging) EXPECT_EQ(await(std::move(answer)).addresses.size(), 1u);
}

TEST(SystemResolver, OneZoneCannotTakeAllThreads) {
  Names names;
  SystemResolver resolver(
      {.replace_after = 10s, .lookup_timeout = 20s, .threads = 3, .max_threads = 3, .max_per_site = 2}, names.lookup());
  std::vector<std::future<Resolution>> hanging;
  for (int name = 0; name < 10; ++name) hanging.push_back(ask(resolver, "hang" + std::to_string(name) + ".zone.test"));
  ASSERT_TRUE(names.wait_for_hanging(2));
  EXPECT_EQ(await(ask(resolver, "good.example")).addresses.size(), 1u);
  EXPECT_EQ(names.hanging(), 2);
}

TEST(SystemResolver, ATenantsHangingNamesOfManyZonesLeaveThreadsToOthers) {
  Names names;
  SystemResolver resolver({.replace_after = 5ms, .lookup_timeout = 20s, .threads = 2, .max_threads = 16},
                          names.lookup());
  std::vector<std::future<Resolution>> hanging;
  for (int zone = 0; zone < 40; ++zone)
    hanging.push_back(ask(resolver, "hang.zone" + std::to_string(zone) + ".test", tenant("slow")));
  ASSERT_TRUE(names.wait_for_hanging(14)) << "alone, it has all but an eighth";
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(await(ask(resolver, "good" + std::to_string(i) + ".test", tenant("well"))).addresses.size(), 1u);
  EXPECT_EQ(names.hanging(), 14);
  names.release();
  for (auto& answer : hanging) EXPECT_EQ(await(std::move(answer)).addresses.size(), 1u);
}

TEST(SystemResolver, AHangingZoneOfATenantFailsNobodyElsesNamesBesideIt) {
  Names names;
  SystemResolver resolver({.replace_after = 5ms, .lookup_timeout = 50ms}, names.lookup());
  EXPECT_THAT(await(ask(resolver, "hang.zone.test", tenant("slow"))).failure, testing::HasSubstr("50 ms"));
  EXPECT_THAT(await(ask(resolver, "a.zone.test", tenant("slow"))).failure, testing::HasSubstr("do not answer"));
  EXPECT_EQ(await(ask(resolver, "a.zone.test", tenant("well"))).addresses.size(), 1u);
}

TEST(SystemResolver, WhatACallerThrowsEndsNoThread) {
  Names names;
  SystemResolver resolver({.threads = 1, .max_threads = 1}, names.lookup());
  resolver.resolve("a.test", tenant("bad"), [](const Resolution&) { throw 7; });
  EXPECT_EQ(await(ask(resolver, "b.test")).addresses.size(), 1u);
}

TEST(SystemResolver, TheNumberOfThoseWhoWaitIsLimited) {
  Names names;
  SystemResolver resolver({.lookup_timeout = 20s, .max_waiting = 3}, names.lookup());
  std::vector<std::future<Resolution>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(ask(resolver, "hang.test"));
  EXPECT_EQ(await(ask(resolver, "hang.test")).failure, "too many lookups are waiting");
  names.release();
  for (auto& answer : answers) EXPECT_EQ(await(std::move(answer)).addresses.size(), 1u);
  EXPECT_EQ(await(ask(resolver, "good.test")).addresses.size(), 1u);
}

TEST(SystemResolver, CanBeDestroyedWhileLookupsHang) {
  Names names;
  std::atomic<int> called{0};
  {
    SystemResolver resolver({}, names.lookup());
    resolver.resolve("hang.test", tenant("acme"), [&](const Resolution&) { ++called; });
    ASSERT_TRUE(names.wait_for_hanging(1));
  }
  EXPECT_EQ(called, 0);
}

TEST(SystemResolver, ALookupThatThrowsIsAFailure) {
  SystemResolver resolver({}, [](const std::string&) -> Resolution { throw std::runtime_error("broken"); });
  EXPECT_EQ(await(ask(resolver, "a.test")).failure, "broken");
  SystemResolver worse({}, [](const std::string&) -> Resolution { throw 7; });
  EXPECT_EQ(await(ask(worse, "a.test")).failure, "it failed");
}

TEST(SystemResolver, TheSystemsLookupKnowsLocalhost) {
  const auto resolution = SystemResolver::system_lookup("localhost");
  ASSERT_FALSE(resolution.addresses.empty()) << resolution.failure;
  for (const auto& address : resolution.addresses) EXPECT_EQ(AddressGuard{}.judge(address, true).reason, "loopback");
  EXPECT_NE(SystemResolver::system_lookup("no-such-name.invalid").failure, "");
}

}  // namespace
}  // namespace opi::egress
