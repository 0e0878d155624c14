#include "manual/page.hpp"

#include <gtest/gtest.h>

namespace opi::manual {
namespace {

TEST(ManualPage, NothingInATextIsARequestOrAnEscape) {
  EXPECT_EQ(escaped(".SH \\fB"), "\\&.SH \\efB");
  EXPECT_EQ(escaped("'quoted'"), "\\(aqquoted\\(aq");
  EXPECT_EQ(escaped("--config \"x\""), "\\-\\-config \\(dqx\\(dq");
  EXPECT_EQ(escaped("N…"), "N...");
}

TEST(ManualPage, HasItsParts) {
  Page page("thing", "1", "do it", "Things", "Things 1.0");
  page.section("OPTIONS").item("--file", "FILE", "what to do").example("a\n.b");
  EXPECT_EQ(page.text(),
            ".TH \"THING\" \"1\" \"\" \"Things 1.0\" \"Things\"\n.SH \"NAME\"\nthing \\- do it\n.SH \"OPTIONS\"\n.TP\n"
            "\\fB\\-\\-file\\fR \\fIFILE\\fR\nwhat to do\n.PP\n.EX\na\n\\&.b\n.EE\n");
}

}  // namespace
}  // namespace opi::manual
