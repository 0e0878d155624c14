#include "foundation/tenant_shares.hpp"

#include <gtest/gtest.h>

#include <string>

namespace opi {
namespace {

using Shares = TenantShares<std::string>;

// How many places this tenant gets now, one after another, beside those who wait.
std::size_t take_all(Shares& shares, const std::string& tenant, bool others_wait = false) {
  std::size_t got = 0;
  for (; shares.may_take(tenant, others_wait); ++got) shares.take(tenant);
  return got;
}

TEST(TenantShares, OneAloneTakesAllButTheReserve) {
  for (const auto& [places, reserve] : {std::pair{1u, 0u}, {2u, 0u}, {3u, 0u}, {4u, 1u}, {8u, 1u}, {32u, 4u}}) {
    Shares shares(places);
    EXPECT_EQ(shares.reserve(), reserve) << places;
    EXPECT_EQ(take_all(shares, "a"), places - reserve) << places;
  }
}

// Nothing is ever given back here: what those before them hold is what they hold for good.
TEST(TenantShares, WhoeverComesFindsPlacesAtOnceWhateverTheOthersHold) {
  Shares shares(64);
  EXPECT_EQ(take_all(shares, "a"), 56u);
  EXPECT_EQ(take_all(shares, "b"), 4u);
  EXPECT_EQ(take_all(shares, "c"), 2u);
  EXPECT_EQ(take_all(shares, "d"), 1u);
  EXPECT_EQ(take_all(shares, "e"), 1u);
  EXPECT_EQ(shares.free(), 0u);
  EXPECT_EQ(take_all(shares, "f"), 0u);
}

TEST(TenantShares, WhatIsGivenBackGoesFirstToWhoHoldsNothing) {
  Shares shares(4);
  EXPECT_EQ(take_all(shares, "a"), 3u);
  EXPECT_EQ(take_all(shares, "b"), 1u);
  shares.give_back("a");
  EXPECT_FALSE(shares.may_take("a", true));
  EXPECT_FALSE(shares.may_take("b", true));
  EXPECT_TRUE(shares.may_take("c", true));
}

// Each gives back one and takes what it may, round after round: they come to hold the same.
TEST(TenantShares, ThoseWhoWantAllComeToHoldTheSame) {
  Shares shares(64);
  take_all(shares, "a");
  for (int round = 0; round < 64; ++round)
    for (const auto* const tenant : {"a", "b", "c"}) {
      if (shares.held_by(tenant) > 16) shares.give_back(tenant);
      for (const auto* const each : {"b", "c", "a"})
        if (shares.may_take(each, true)) shares.take(each);
    }
  for (const auto* const tenant : {"a", "b", "c"}) EXPECT_EQ(shares.held_by(tenant), 16u) << tenant;
  EXPECT_EQ(shares.free(), 16u);
}

TEST(TenantShares, WhoWaitsIsBesideTheOthersBeforeHeHoldsAPlace) {
  Shares shares(8);
  for (int i = 0; i < 4; ++i) shares.take("a");
  EXPECT_TRUE(shares.may_take("a", false));
  EXPECT_FALSE(shares.may_take("a", true));
  EXPECT_EQ(shares.taken(), 4u);
}

TEST(HeldPlace, IsGivenBackOnceWhateverBecomesOfIt) {
  Shares shares(4);
  try {
    const HeldPlace<std::string> lost(shares, "a");
    throw 1;
  } catch (int) {
    EXPECT_EQ(shares.taken(), 0u);
  }
  HeldPlace<std::string> one(shares, "a");
  HeldPlace<std::string> other(std::move(one));
  EXPECT_EQ(one.tenant(), nullptr);
  EXPECT_EQ(*other.tenant(), "a");
  one = HeldPlace<std::string>(shares, "b");
  EXPECT_EQ(shares.taken(), 2u);
  other = std::move(one);
  EXPECT_EQ(shares.held_by("a"), 0u);
  EXPECT_EQ(shares.held_by("b"), 1u);
  other = {};
  EXPECT_EQ(shares.taken(), 0u);
}

TEST(TenantSharesDeathTest, NoPlaceIsTakenTwiceNorGivenBackByWhoHasNone) {
  Shares shares(1);
  shares.take("a");
  EXPECT_DEATH(shares.take("b"), "taken_ < places_");
  EXPECT_DEATH(shares.give_back("b"), "held_.end");
}

}  // namespace
}  // namespace opi
