#include "domain/text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "domain/text_controls.hpp"

namespace opi {
namespace {

TEST(PlainText, IsUtf8WithoutControlCharacters) {
  for (const char* text :
       {"", "a b", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x9a\xa8", "\xf4\x8f\xbf\xbf", "\xee\x80\x80"})
    EXPECT_TRUE(is_plain_text(text)) << text;
  EXPECT_FALSE(is_plain_text({"a\0b", 3}));
  for (const char* text :
       {"\n", "a\tb", "\x1f", "\x7f", "\x80", "\xff", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3\x28"})
    EXPECT_FALSE(is_plain_text(text)) << text;
}

TEST(PlainText, HoldsNoControlCharacterOfEitherSet) {
  for (int last = 0x80; last < 0xc0; ++last) {
    const std::string sign{'\xc2', static_cast<char>(last)};
    EXPECT_EQ(is_plain_text("a" + sign + "b"), last >= 0xa0) << last;
    EXPECT_EQ(has_controls("a" + sign + "b"), last < 0xa0) << last;
    EXPECT_EQ(control_at(sign + "b"), last < 0xa0 ? 2U : 0U) << last;
  }
  // The same bytes within other characters, and alone.
  for (const char* text : {"\xc3\x80", "\xe2\x82\x9b", "\xc2", "\xc2 ", "\xc2\xc0"}) EXPECT_FALSE(has_controls(text));
}

}  // namespace
}  // namespace opi
