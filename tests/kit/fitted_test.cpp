#include <gmock/gmock.h>

#include <opi/kit/fitted.hpp>

namespace opi::kit {
namespace {

std::string doubled(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '&' ? std::string("&amp;") : std::string(1, c);
  return out;
}

TEST(FittedText, IsWholeUpToTheLimitAfterEscaping) {
  EXPECT_EQ(fitted("ab&", 7, doubled), "ab&amp;");
  EXPECT_EQ(fitted("ab&", 6, doubled), "a…");
  EXPECT_EQ(fitted("", 0, doubled), "");
}

TEST(FittedText, NeverCutsAnEscapeNorExceedsTheLimit) {
  const std::string text(500, '&');
  for (std::size_t limit = 0; limit < 300; ++limit) {
    const auto out = fitted(text, limit, doubled);
    EXPECT_LE(length(out, Unit::utf16), limit);
    const auto escapes = out.substr(0, out.find("…"));
    EXPECT_EQ(escapes.size() % 5, 0U) << out;
  }
}

TEST(FittedText, SaysHowMuchWasCut) {
  EXPECT_THAT(fitted(std::string(9000, 'x'), 3000, doubled), ::testing::EndsWith(" of 9,000 characters)"));
}

TEST(FittedText, CountsAsReceiversDo) {
  EXPECT_EQ(fitted("🏥🏥", 4, doubled), "🏥🏥");
  EXPECT_EQ(fitted("🏥🏥", 3, doubled), "🏥…");
}

TEST(FittedText, HoldsNothingThatDeceives) {
  EXPECT_EQ(without_deception("a\u202egpj.exe\u2066\u2069\ufeff"), "agpj.exe");
  EXPECT_EQ(without_deception("a\tb\x01\x7f\u0085\r\nc"), "a b\nc");
  EXPECT_EQ(without_deception("ليلى \u200f佐藤 é\u00a0🏥"), "ليلى \u200f佐藤 é\u00a0🏥");
}

}  // namespace
}  // namespace opi::kit
