#include "delivery/json_text.hpp"

#include <gtest/gtest.h>

namespace opi::delivery {
namespace {

using Pieces = std::vector<std::string_view>;

TEST(ArrayElements, AreCutAtTheOuterCommasAndKeptVerbatim) {
  EXPECT_EQ(array_elements("[]"), Pieces{});
  EXPECT_EQ(array_elements(" \t\r\n[ \n ] "), Pieces{});
  EXPECT_EQ(array_elements(R"( [ 1.00 , 1e400,{"a":[1,2],"b":"x,y"} ,[3,4], "q\"],[" ] )"),
            (Pieces{"1.00", "1e400", R"({"a":[1,2],"b":"x,y"})", "[3,4]", R"("q\"],[")"}));
  EXPECT_EQ(array_elements(R"(["\\",2])"), (Pieces{R"("\\")", "2"}));
}

TEST(ArrayElements, AreNotFoundWhereThereIsNoArray) {
  for (const char* text : {"", "[", "]", "{}", "1", "[1", "1]", "[1] [2]", "[1]]", "[[1]", R"(["a])", R"(["a\"])",
                           "[}]", "[{]", "[1],[2]"})
    EXPECT_EQ(array_elements(text), std::nullopt) << text;
}

TEST(ArrayElements, EmptyPiecesAreKeptForTheParserToRefuse) {
  EXPECT_EQ(array_elements("[1,]"), (Pieces{"1", ""}));
  EXPECT_EQ(array_elements("[,]"), (Pieces{"", ""}));
}

TEST(ArrayElements, AreCutUpToTheLimitAndOneMore) {
  EXPECT_EQ(array_elements("[1,2,3]", 3), (Pieces{"1", "2", "3"}));
  EXPECT_EQ(array_elements("[1,2,3,4,5]", 3), (Pieces{"1", "2", "3", "4"}));
  EXPECT_EQ(array_elements("[" + std::string(100'000, ',') + "]", 1000)->size(), 1001u);
}

TEST(MemberText, KeepsNumbersAndStringsAsTheyWereWritten) {
  const std::string text =
      R"({ "n" : 12345678901234567890123.450 , "s":"\u00e9\/\"}{", "o" : { "n":1 , "x":[ {} ] } ,"e":""})";
  EXPECT_EQ(member_text(text, "n"), "12345678901234567890123.450");
  EXPECT_EQ(member_text(text, "s"), R"("\u00e9\/\"}{")");
  EXPECT_EQ(member_text(text, "o"), R"({ "n":1 , "x":[ {} ] })");
  EXPECT_EQ(member_text(text, "e"), R"("")");
  EXPECT_EQ(member_text(text, "x"), std::nullopt) << "members of members do not count";
  EXPECT_EQ(member_text("{}", "n"), std::nullopt);
  EXPECT_EQ(member_text(" [1] ", "n"), std::nullopt);
}

TEST(MemberText, TakesTheLastOfARepeatedName) { EXPECT_EQ(member_text(R"({"a":1,"b":2,"a":3})", "a"), "3"); }

TEST(MemberText, DoesNotTakeAValueForAName) {
  EXPECT_EQ(member_text(R"({"x":"payload","y":{"payload":1}})", "payload"), std::nullopt);
  EXPECT_EQ(member_text(R"({"a:b":1,"a":2})", "a"), "2");
}

TEST(MemberCount, CountsEverySpelledMember) {
  EXPECT_EQ(member_count("{ }"), 0u);
  EXPECT_EQ(member_count(R"({"a":{"x":1,"y":2},"b":"c,d"})"), 2u);
  EXPECT_EQ(member_count(R"({"a":1,"\u0061":2})"), 2u);
}

TEST(EscapesNul, FindsTheEscapeAndNotItsLookalikes) {
  EXPECT_TRUE(escapes_nul(R"({"a":"\u0000"})"));
  EXPECT_TRUE(escapes_nul(R"({"a":"\\\u0000"})"));
  EXPECT_TRUE(escapes_nul(R"({"\u0000":1})"));
  EXPECT_FALSE(escapes_nul(R"({"a":"\\u0000"})"));
  EXPECT_FALSE(escapes_nul(R"({"a":"u0000 \u0001"})"));
  EXPECT_FALSE(escapes_nul("{}"));
}

}  // namespace
}  // namespace opi::delivery
