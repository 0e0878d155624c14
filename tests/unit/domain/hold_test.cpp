#include "domain/hold.hpp"

#include <gtest/gtest.h>

#include <set>

namespace opi {
namespace {

TEST(HoldCauses, HaveNamesThatAreReadBackAndARemedy) {
  std::set<std::string_view> names;
  for (const auto cause : all_hold_causes) {
    EXPECT_EQ(parse_hold_cause(to_string(cause)), cause);
    EXPECT_TRUE(names.insert(to_string(cause)).second) << to_string(cause);
    EXPECT_TRUE(remedy_of(cause).ends_with('.')) << to_string(cause);
  }
  EXPECT_EQ(parse_hold_cause("held"), std::nullopt);
  EXPECT_EQ(parse_hold_cause(""), std::nullopt);
}

TEST(FoundHolds, AreCutAndRedacted) {
  const auto hold = found_hold(HoldCause::adapter_missing, "password=hunter2 " + std::string(2'000, 'x'), {});
  EXPECT_LE(hold.detail.size(), Hold::detail_length + 3);
  EXPECT_EQ(hold.detail.find("hunter2"), std::string::npos) << hold.detail;
}

}  // namespace
}  // namespace opi
