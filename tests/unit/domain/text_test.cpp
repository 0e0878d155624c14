#include "domain/text.hpp"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace opi
