#include <gtest/gtest.h>

#include <opi/kit/cut.hpp>

namespace opi::kit {
namespace {

TEST(Cut, LeavesTextAtTheLimitAlone) {
  EXPECT_EQ(cut(std::string(100, 'a'), 100), std::string(100, 'a'));
  EXPECT_EQ(cut("äöü", 6, Unit::bytes), "äöü");
  EXPECT_EQ(cut("🔒", 2, Unit::utf16), "🔒");
}

TEST(Cut, SaysHowMuchIsLeft) {
  const auto text = cut(std::string(9000, 'a'), 3252);
  EXPECT_EQ(text, std::string(3218, 'a') + "… (cut, 3,218 of 9,000 characters)");
  EXPECT_EQ(cut(std::string(1'234'567, 'a'), 80, Unit::bytes).substr(48), "… (cut, 48 of 1,234,567 bytes)");
}

TEST(Cut, NeverExceedsTheLimitNorBreaksACharacter) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "aä東🔒";
  for (const auto unit : {Unit::bytes, Unit::characters, Unit::utf16}) {
    for (std::size_t limit = 0; limit < length(text, unit); ++limit) {
      const auto out = cut(text, limit, unit);
      EXPECT_LE(length(out, unit), limit);
      const auto kept = out.substr(0, out.find("…"));
      EXPECT_TRUE(text.starts_with(kept));
      EXPECT_TRUE(kept.size() == text.size() || (text[kept.size()] & 0xc0) != 0x80) << limit;
    }
  }
}

TEST(Cut, HasNoRoomForTheNoteInShortTexts) {
  EXPECT_EQ(cut("abcdef", 4), "abc…");
  EXPECT_EQ(cut("abcdef", 2, Unit::bytes), "ab");
  EXPECT_EQ(cut("abcdef", 0), "");
}

TEST(Cut, StaysInBoundsOnTextThatIsNoUtf8) {
  const std::string broken = "ab\xf0";
  EXPECT_EQ(length(broken, Unit::bytes), 3U);
  EXPECT_EQ(beginning(broken, 3, Unit::bytes), broken);
}

}  // namespace
}  // namespace opi::kit
