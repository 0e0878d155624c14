#include "ctl/table.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "ctl/plain_text.hpp"

namespace opi::ctl {
namespace {

std::string table(const char* rows, const std::vector<Column>& columns) {
  std::ostringstream out;
  print_table(out, columns, boost::json::parse(rows).as_array());
  return out.str();
}

TEST(Table, AlignsTextLeftAndNumbersRight) {
  EXPECT_EQ(table(R"([{"name":"Zürich","count":7,"in":{"it":true}},{"name":"Ulm","count":1234,"in":{"it":null}}])",
                  {{"NAME", "name"}, {"COUNT", "count"}, {"IT", "in.it"}}),
            "NAME    COUNT  IT\n"
            "Zürich      7  yes\n"
            "Ulm      1234  -\n");
}

TEST(Table, WithoutRowsHasItsTitles) { EXPECT_EQ(table("[]", {{"A", "a"}, {"B", "b"}}), "A  B\n"); }

TEST(Table, WhatIsMissingIsADash) {
  EXPECT_EQ(table(R"([{"b":[]},{"a":["x","y"],"b":""}])", {{"A", "a"}, {"B", "b"}, {"C", "c.d"}}),
            "A    B  C\n"
            "-    -  -\n"
            "x,y  -  -\n");
}

TEST(Members, NestedOnesHaveTheirWholeName) {
  std::ostringstream out;
  print_members(out, boost::json::parse(R"({"a":1,"b":{"c":"x"},"list":[{"k":"v","n":2}],"none":{}})").as_object());
  EXPECT_EQ(out.str(), "a     1\nb.c   x\nlist  k=v n=2\nnone  {}\n");
}

TEST(PlainText, HasNothingThatATerminalObeys) {
  EXPECT_EQ(plain("a\x1b[31mred\r\n\x7f"), "a?[31mred???");
  EXPECT_EQ(plain("\xc2\x9b"
                  "31m"),
            "?31m");  // the C1 form of ESC [
  EXPECT_EQ(plain("a\xe2\x80\xae"
                  "b"),
            "a?b");  // an override of the writing direction
  EXPECT_EQ(plain("\xff\xc3"), "??");
  EXPECT_EQ(plain("\xc0\xaf\xed\xa0\x80"), "?????");  // overlong, surrogate
  EXPECT_EQ(plain("Zürich – 東京 🚀"), "Zürich – 東京 🚀");
}

TEST(PlainText, TheWidthIsInCodePoints) {
  EXPECT_EQ(width_of("Zürich"), 6u);
  EXPECT_EQ(width_of(""), 0u);
}

}  // namespace
}  // namespace opi::ctl
