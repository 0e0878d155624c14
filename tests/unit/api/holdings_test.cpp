#include "api/holdings.hpp"

#include <gtest/gtest.h>

namespace opi::api {
namespace {

TEST(HoldingsOfClients, AnAddressThatHasLeftHoldsNothing) {
  Holdings holdings({.connections = 4, .connections_per_address = 2, .bytes = 100, .bytes_per_address = 80});
  EXPECT_TRUE(holdings.enter("a"));
  EXPECT_TRUE(holdings.enter("b"));
  holdings.charge("b", 0, 101);
  EXPECT_EQ(holdings.beyond("b"), "b") << "more than its own share";
  holdings.charge("b", 101, 80);
  holdings.charge("a", 0, 21);
  EXPECT_EQ(holdings.beyond("a"), "b") << "all have too much, and b most";
  holdings.charge("a", 21, 0);
  holdings.leave("a");
  EXPECT_EQ(holdings.beyond("a"), "");
  holdings.charge("b", 80, 101);
  EXPECT_EQ(holdings.beyond("a"), "b");
}

TEST(HoldingsOfClients, APlaceIsTakenFromWhoHasAtLeastTwoMore) {
  Holdings holdings({.connections = 4, .connections_per_address = 4, .bytes = 100, .bytes_per_address = 80});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(holdings.enter("a"));
  EXPECT_EQ(holdings.crowding_out("b"), "") << "there is a place";
  EXPECT_TRUE(holdings.enter("b"));
  EXPECT_FALSE(holdings.enter("b"));
  EXPECT_EQ(holdings.crowding_out("b"), "a");
  EXPECT_EQ(holdings.crowding_out("a"), "") << "from itself it takes none";
  holdings.leave("a");
  EXPECT_TRUE(holdings.enter("b"));
  EXPECT_EQ(holdings.crowding_out("b"), "");
  EXPECT_EQ(holdings.crowding_out("a"), "") << "both have as many";
  EXPECT_NE(holdings.crowding_out("c"), "") << "one of the two";
}

}  // namespace
}  // namespace opi::api
