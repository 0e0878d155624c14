#include "foundation/fair_queue.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

namespace opi {
namespace {

using ::testing::ElementsAre;

class Waiting : public ::testing::Test {
 protected:
  FairQueue<std::string, std::unique_ptr<int>> queue;  // of what cannot be copied

  void push(const std::string& tenant, int item) { queue.push(tenant, std::make_unique<int>(item)); }
  std::vector<int> all() {
    std::vector<int> items;
    for (const auto& item : queue.take_all()) items.push_back(*item);
    return items;
  }
  static bool anybody(const std::string&) { return true; }
};

TEST_F(Waiting, TenantsTakeTurnsAndEachOnesItemsKeepTheirOrder) {
  for (int i = 1; i <= 4; ++i) push("much", i);
  push("little", 10);
  push("some", 20);
  push("some", 21);
  EXPECT_EQ(queue.size(), 7u);
  EXPECT_THAT(all(), ElementsAre(1, 10, 20, 2, 21, 3, 4));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
}

TEST_F(Waiting, WhoMayNotIsPassedOverAndKeepsItsTurn) {
  push("a", 1);
  push("b", 2);
  EXPECT_EQ(*queue.next([](const auto& tenant) { return tenant != "a"; }), "b");
  EXPECT_EQ(*queue.pop("b"), 2);
  EXPECT_EQ(*queue.next(anybody), "a");
  EXPECT_EQ(queue.next([](const auto&) { return false; }), nullptr);
}

TEST_F(Waiting, ATurnMayBePassedOn) {
  push("a", 1);
  push("b", 2);
  queue.pass("a");
  queue.pass("nobody");
  EXPECT_EQ(*queue.next(anybody), "b");
}

TEST_F(Waiting, WhatCouldNotBeServedIsItsTenantsNext) {
  push("a", 1);
  push("a", 2);
  push("b", 10);
  queue.push_front("a", queue.pop("a"));
  EXPECT_EQ(**&queue.first("a"), 1);
  EXPECT_THAT(all(), ElementsAre(10, 1, 2));
}

TEST_F(Waiting, OneOfATenantsCanBeTakenOut) {
  push("a", 1);
  push("a", 2);
  push("b", 10);
  const auto is = [](int wanted) { return [wanted](const auto& item) { return *item == wanted; }; };
  EXPECT_EQ(**queue.remove("a", is(2)), 2);
  EXPECT_FALSE(queue.remove("a", is(2)));
  EXPECT_FALSE(queue.remove("nobody", is(1)));
  EXPECT_EQ(queue.size_of("a"), 1u);
  EXPECT_EQ(**queue.remove("a", is(1)), 1);
  EXPECT_EQ(queue.size_of("a"), 0u);
  EXPECT_THAT(all(), ElementsAre(10));
}

TEST_F(Waiting, AllThatAreSomethingCanBeTakenOutWhosoeverTheyAre) {
  for (int i = 1; i <= 3; ++i) push("a", i);
  push("b", 10);
  push("c", 21);
  std::vector<int> odd;
  for (const auto& item : queue.remove_all([](const auto&, const auto& one) { return *one % 2 == 1; }))
    odd.push_back(*item);
  EXPECT_THAT(odd, ElementsAre(1, 3, 21));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.size_of("c"), 0u);
  queue.remove_all([](const std::string& tenant, const auto&) { return tenant == "a"; });
  EXPECT_FALSE(queue.has_others_than("b"));
  EXPECT_THAT(all(), ElementsAre(10));
}

TEST_F(Waiting, ItTellsWhetherOthersWait) {
  EXPECT_FALSE(queue.has_others_than("a"));
  push("a", 1);
  EXPECT_FALSE(queue.has_others_than("a"));
  EXPECT_TRUE(queue.has_others_than("b"));
  push("b", 2);
  EXPECT_TRUE(queue.has_others_than("a"));
}

}  // namespace
}  // namespace opi
