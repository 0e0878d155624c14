#include "egress/lookup_queue.hpp"

#include <gmock/gmock.h>

#include "egress/outbound.hpp"

namespace opi::egress {
namespace {

using test::tenant;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Lookups : public testing::Test {
 protected:
  void make(const LookupQueue::Options& options) { queue_ = std::make_unique<LookupQueue>(options); }
  void ask(const std::string& whose, const std::string& host) {
    ASSERT_EQ(queue_->fault(host, tenant(whose)), "");
    queue_->ask(host, tenant(whose), [this, whose](const Resolution&) { told_.push_back(whose); });
  }
  // As many as may be made now.
  std::vector<std::string> take_all() {
    std::vector<std::string> hosts;
    while (auto one = queue_->take()) {
      hosts.push_back(one->host);
      running_.push_back(std::move(*one));
    }
    return hosts;
  }
  void tell(const LookupQueue::Waiters& waiters) {
    for (const auto& waiter : waiters) waiter.done({});
  }
  LookupQueue::Lookup running(const std::string& host) {
    const auto at = std::ranges::find(running_, host, &LookupQueue::Lookup::host);
    auto found = std::move(*at);
    running_.erase(at);
    return found;
  }
  void make_slow() {
    for (auto& one : running_) LookupQueue::became_slow(one);
  }

  std::unique_ptr<LookupQueue> queue_;
  std::vector<LookupQueue::Lookup> running_;  // of the queue
  std::vector<std::string> told_;
};

TEST_F(Lookups, WhoeverComesHasALookupAtOnceThoughAnothersHang) {
  make({.quick = 4, .lookups = 16});
  for (int i = 0; i < 40; ++i) ask("slow", "hang.zone" + std::to_string(i) + ".test");
  EXPECT_THAT(take_all(), SizeIs(3)) << "all but one of those that are quick";
  for (int i = 0; i < 20; ++i) {
    make_slow();
    take_all();
  }
  EXPECT_THAT(running_, SizeIs(14)) << "all but an eighth";
  ask("well", "good.test");
  EXPECT_THAT(take_all(), ElementsAre("good.test"));
}

TEST_F(Lookups, TenantsTakeTurnsAndWithinEachItsSitesDo) {
  make({.quick = 1, .lookups = 1});
  for (const auto* const host : {"a.one.test", "b.one.test", "c.two.test"}) ask("much", host);
  ask("little", "d.test");
  std::vector<std::string> order;
  for (auto next = queue_->take(); next; next = queue_->take()) {
    order.push_back(next->host);
    queue_->returned(std::move(*next), true);
  }
  EXPECT_THAT(order, ElementsAre("a.one.test", "d.test", "c.two.test", "b.one.test"));
}

TEST_F(Lookups, ANameIsLookedUpOnceForAllWhoAskAndAtTheFirstTurn) {
  make({.quick = 1, .lookups = 1});
  ask("much", "first.one.test");
  ask("much", "shared.two.test");
  ask("little", "shared.two.test");
  EXPECT_THAT(take_all(), ElementsAre("first.one.test"));
  queue_->returned(running("first.one.test"), true);
  EXPECT_THAT(take_all(), ElementsAre("shared.two.test"));
  ask("late", "shared.two.test");
  tell(queue_->returned(running("shared.two.test"), true));
  EXPECT_THAT(told_, ElementsAre("much", "little", "late"));
  EXPECT_THAT(take_all(), IsEmpty());
}

TEST_F(Lookups, WhatHangsIsHeldAgainstItsTenantsNamesOfThatSiteAlone) {
  make({.quick = 4, .lookups = 8, .per_site = 1});
  ask("slow", "hang.co.test");
  ask("slow", "other.co.test");
  ask("well", "other.co.test");
  EXPECT_THAT(take_all(), ElementsAre("hang.co.test", "other.co.test"));
  tell(queue_->became_overdue(running_.front()));
  EXPECT_THAT(told_, ElementsAre("slow", "slow"));
  EXPECT_NE(queue_->fault("more.co.test", tenant("slow")), "");
  EXPECT_EQ(queue_->fault("more.co.test", tenant("well")), "");
  tell(queue_->returned(running("other.co.test"), true));
  EXPECT_THAT(told_, ElementsAre("slow", "slow", "well"));
  EXPECT_THAT(queue_->returned(running("hang.co.test"), false), IsEmpty());
  EXPECT_EQ(queue_->fault("more.co.test", tenant("slow")), "") << "nothing of it hangs any more";
}

TEST_F(Lookups, OneTenantCannotHaveAllThatMayWait) {
  make({.waiting = 8});
  for (int i = 0; i < 7; ++i) ask("much", "a.test");
  EXPECT_EQ(queue_->fault("a.test", tenant("much")), "too many lookups are waiting");
  EXPECT_EQ(queue_->fault("a.test", tenant("little")), "");
  take_all();
  queue_->returned(running("a.test"), true);
  EXPECT_EQ(queue_->fault("a.test", tenant("much")), "");
}

}  // namespace
}  // namespace opi::egress
