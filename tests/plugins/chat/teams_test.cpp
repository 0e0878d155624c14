#include <gmock/gmock.h>

#include "markdown.hpp"

namespace opi::teams {
namespace {

std::string of(std::string_view text) { return markdown(text, 1000); }

TEST(TeamsText, UsesNoMarkdown) {
  EXPECT_EQ(of("**bold** _it_ `c` ~~s~~"), R"(\*\*bold\*\* \_it\_ \`c\` \~\~s\~\~)");
  EXPECT_EQ(of("[bank](https://evil.example)"), R"(\[bank\](https://evil.example))");
  EXPECT_EQ(of("<https://evil.example> &#91;"), R"(\<https://evil.example> \&#91;)");
  EXPECT_EQ(of("{{DATE(2026-09-14T03:14:15Z)}}"), R"(\{\{DATE(2026-09-14T03:14:15Z)}})");
  EXPECT_EQ(of(R"(C:\Windows)"), R"(C:\\Windows)");
}

TEST(TeamsText, EscapesAtTheStartOfALineWhatIsMarkupThereAlone) {
  EXPECT_EQ(of("- a\n+ b\n# c\n> d\n1. e\n12) f\n=== g"),
            "\\- a\n\n\\+ b\n\n\\# c\n\n\\> d\n\n1\\. e\n\n12\\) f\n\n\\=== g");
  EXPECT_EQ(of("203.0.113.9 a-b a+b #7 x > y"), "203.0.113.9 a-b a+b #7 x > y");
  EXPECT_EQ(of("    code"), "\u00a0\u00a0\u00a0\u00a0code");
}

TEST(TeamsText, KeepsItsLimit) {
  EXPECT_EQ(markdown("ab*", 4), R"(ab\*)");
  EXPECT_EQ(markdown("ab**", 4), "ab…");
}

}  // namespace
}  // namespace opi::teams
