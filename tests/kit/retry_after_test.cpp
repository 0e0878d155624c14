#include <gtest/gtest.h>

#include <opi/kit/retry_after.hpp>

namespace opi::kit {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t now = 784'111'777'000 - 60'000;  // a minute before Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfter, TakesSeconds) {
  EXPECT_EQ(parse_retry_after("0", now), 0ms);
  EXPECT_EQ(parse_retry_after(" 120\t", now), 120s);
}

TEST(RetryAfter, TakesTheThreeFormsOfAnHttpDate) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), 60s);
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", now), 60s);
  EXPECT_EQ(parse_retry_after("Sun Nov  6 08:49:37 1994", now), 60s);
}

TEST(RetryAfter, MakesADateInThePastZero) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now + 120'000), 0ms);
}

TEST(RetryAfter, IsCutAtThirtyDays) {
  EXPECT_EQ(parse_retry_after("2592000", now), 720h);
  EXPECT_EQ(parse_retry_after("2592001", now), 720h);
  EXPECT_EQ(parse_retry_after("99999999999999999999999", now), 720h);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 2094 08:49:37 GMT", now), 720h);
}

TEST(RetryAfter, IgnoresWhatIsMalformed) {
  for (const auto* const text :
       {"", " ", "-1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "1e3",
        "12 12", "Sunday, 06-Nov-9x 08:49:37 GMT", ", "})
    EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
}

}  // namespace
}  // namespace opi::kit
