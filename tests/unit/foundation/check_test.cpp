#include "foundation/check.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

enum class Color { red = 7 };

TEST(Checks, OfWhatIsTrueDoNothingAndAreLookedAtOnce) {
  int looked = 0;
  OPI_CHECK(++looked == 1, looked);
  EXPECT_EQ(looked, 1);
}

TEST(Checks, OfWhatIsFalseEndTheProcessWithOneJsonLine) {
  const int busy = 3, limit = -2;
  EXPECT_DEATH(OPI_CHECK(busy < limit), R"re(^\{"level":"error","event":"check.failed","file":"check_test.cpp",)re"
                                        R"re("line":[0-9]+,"condition":"busy < limit"\})re"
                                        "\n");
  EXPECT_DEATH(OPI_CHECK(busy < limit, busy, limit), R"re("condition":"busy < limit","busy":3,"limit":-2\})re"
                                                     "\n");
  EXPECT_DEATH(OPI_CHECK(busy < 0, busy, Color::red, true), R"re("busy":3,"Color::red":7,"true":1\})re"
                                                            "\n");
}

TEST(Checks, TheirTextsAreJson) {
  const char* const text = "a";
  EXPECT_DEATH(OPI_CHECK(text[0] == '"' || text[0] == '\\'),
               R"re("condition":"text\[0\] == '\\"' \|\| text\[0\] == '\\\\\\\\'"\})re"
               "\n");
}

}  // namespace
}  // namespace opi
