#include "filtering/pattern.hpp"

#include <gmock/gmock.h>

namespace opi::filtering {
namespace {

using testing::HasSubstr;

Pattern pattern(std::string_view text) {
  auto parsed = Pattern::parse(text);
  if (const auto* fault = std::get_if<SyntaxFault>(&parsed))
    ADD_FAILURE() << text << ": at " << fault->offset << ": " << fault->message;
  return std::get<Pattern>(std::move(parsed));
}

SyntaxFault pattern_fault(std::string_view text) {
  const auto parsed = Pattern::parse(text);
  const auto* fault = std::get_if<SyntaxFault>(&parsed);
  if (fault != nullptr) return *fault;
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

TEST(Pattern, MatchesTheWholeAndFindsAPart) {
  EXPECT_TRUE(pattern("b+").found_in("abbc"));
  EXPECT_FALSE(pattern("b+").matches("abbc"));
  EXPECT_TRUE(pattern("a|b|").matches(""));
  EXPECT_TRUE(pattern("a|bc").matches("bc"));
  EXPECT_FALSE(pattern("a|bc").matches("abc"));
  EXPECT_TRUE(pattern("").found_in("x"));
  EXPECT_FALSE(pattern("").matches("x"));
  EXPECT_FALSE(pattern("a").matches("a\n"));
}

TEST(Pattern, ADotIsAnyCharacterButTheEndOfALine) {
  EXPECT_TRUE(pattern(".").matches("é"));
  EXPECT_TRUE(pattern(".").matches("😀"));
  EXPECT_TRUE(pattern(".").matches("\xe2\x80\xa8"));  // U+2028
  EXPECT_FALSE(pattern(".").matches("\n"));
  EXPECT_FALSE(pattern(".").matches("\r"));
  EXPECT_TRUE(pattern("[.]").matches("."));
  EXPECT_FALSE(pattern("[.]").matches("a"));
}

TEST(Pattern, WhatTheGrammarGivesNoMeaningStandsForItself) {
  EXPECT_TRUE(pattern("#/&~<>=!@%:;,'\"`_ -").matches("#/&~<>=!@%:;,'\"`_ -"));
  EXPECT_TRUE(pattern("[a^]").matches("^"));
  EXPECT_TRUE(pattern("[&&a]+").matches("&a"));
  EXPECT_TRUE(pattern("[a~~b]+").matches("a~b"));
  EXPECT_TRUE(pattern(std::string_view{"\0", 1}).matches(std::string_view{"\0", 1}));
  EXPECT_TRUE(pattern(R"(\(\)\*\+\-\.\?\[\\\]\^\{\|\}\n\r\t)").matches("()*+-.?[\\]^{|}\n\r\t"));
}

TEST(Pattern, ACaretAndADollarAreTheEndsOfTheText) {
  EXPECT_TRUE(pattern("^ab.*").matches("abc"));
  EXPECT_TRUE(pattern("^b$|^a").found_in("ab"));
  EXPECT_FALSE(pattern("^b").found_in("ab"));
  EXPECT_FALSE(pattern("^b").found_in("a\nb"));
  EXPECT_FALSE(pattern("a$").found_in("a\n"));
  EXPECT_TRUE(pattern("[$^]+").matches("^$"));
}

TEST(Pattern, RepeatsAndGroups) {
  EXPECT_TRUE(pattern("(ab){2}").matches("abab"));
  EXPECT_TRUE(pattern("a{2,}").matches("aaa"));
  EXPECT_FALSE(pattern("a{2,3}").matches("aaaa"));
  EXPECT_TRUE(pattern("a{0}b").matches("b"));
  EXPECT_TRUE(pattern("(a|b(c|d)?)+").matches("abdab"));
}

TEST(Pattern, ClassesAndCategories) {
  EXPECT_TRUE(pattern("[a-cx]+").matches("abcx"));
  EXPECT_FALSE(pattern("[^a-c]").matches("b"));
  EXPECT_TRUE(pattern("[^a-c]").matches("\n"));
  EXPECT_TRUE(pattern("[-a]+").matches("-a"));
  EXPECT_TRUE(pattern("[a-]+").matches("-a"));
  EXPECT_TRUE(pattern("[-]").matches("-"));
  EXPECT_TRUE(pattern(R"([\]\\\-]+)").matches("]\\-"));
  EXPECT_TRUE(pattern("[а-я]+").matches("привет"));
  EXPECT_TRUE(pattern(R"(\p{Lu}\p{L}+\P{L})").matches("Über "));
  EXPECT_TRUE(pattern(R"([\p{Nd}x]+)").matches("1x٣"));
  EXPECT_FALSE(pattern(R"([^\p{Nd}])").matches("1"));
}

struct PatternRefusal {
  const char* pattern;
  std::size_t offset;
  const char* expected;
};

TEST(PatternSyntax, RefusesWhatIsNoIRegexp) {
  const PatternRefusal refusals[] = {
      {"*a", 0, "expected a character"},
      {"a**", 2, "expected a character"},
      {"a+?", 2, "expected a character"},
      {"a{1}{2}", 4, "expected a character"},
      {"(", 1, "expected )"},
      {"é(a", 3, "expected )"},
      {")", 0, "the end of the pattern"},
      {"(?:a)", 1, "expected a character"},
      {"(?i)a", 1, "expected a character"},
      {"a]", 1, "expected a character"},
      {"a}", 1, "expected a character"},
      {"{1}", 0, "expected a character"},
      {R"(\d)", 0, "after \\"},
      {R"(\w+)", 0, "after \\"},
      {R"(\b)", 0, "after \\"},
      {R"(a\1)", 1, "after \\"},
      {"\\", 0, "after \\"},
      {R"([\d])", 1, "after \\"},
      {R"(\pL)", 2, "expected {"},
      {R"(\p{Latin})", 3, "general category"},
      {R"(\p{IsBasicLatin})", 3, "general category"},
      {R"(\p{C})", 3, "not supported"},
      {R"(\P{Cn})", 3, "not supported"},
      {R"(\p{L)", 4, "expected } after"},
      {R"(\p{})", 3, "general category"},
      {"[]", 1, "in [ ]"},
      {"[^]", 2, "in [ ]"},
      {"[a", 2, "expected ]"},
      {"[[a]]", 1, "expected a character"},
      {"[a-z-9]", 4, "expected a character"},
      {"[z-a]", 1, "upwards"},
      {R"([a-\p{L}])", 3, "after \\"},
      {"a{", 2, "a number from 0 to 1000"},
      {"a{,2}", 2, "a number from 0 to 1000"},
      {"a{1001}", 2, "a number from 0 to 1000"},
      {"a{99999999999999999999}", 2, "a number from 0 to 1000"},
      {"a{2,1}", 5, "not below the first"},
      {"a{1", 3, "expected }"},
      {"(a{1000}){1000}", 0, "smaller pattern"},
      {"\xff", 0, "expected a character"},
  };
  for (const auto& one : refusals) {
    const auto fault = pattern_fault(one.pattern);
    EXPECT_EQ(fault.offset, one.offset) << one.pattern << ": " << fault.message;
    EXPECT_THAT(fault.message, HasSubstr(one.expected)) << one.pattern;
  }
}

TEST(Pattern, ItsSizeIsThatOfItsRepetitionsWrittenOut) {
  EXPECT_EQ(pattern("").size(), 0);
  EXPECT_EQ(pattern("a.[b-z]\\n\\p{L}").size(), 5);
  EXPECT_EQ(pattern("(ab|c)*d+").size(), 4);
  EXPECT_EQ(pattern("a{3}b{2,}c{1,4}").size(), 9);
  EXPECT_EQ(pattern("(a(bc){3}){2,5}").size(), 35);
  EXPECT_EQ(pattern("a{0}").size(), 1);
}

TEST(PatternSyntax, LimitsHoldAtTheirEdges) {
  pattern("a{1000}");
  const auto groups = [](std::size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  pattern(groups(PatternLimits::depth));
  EXPECT_THAT(pattern_fault(groups(PatternLimits::depth + 1)).message, HasSubstr("at most 32 levels"));
}

}  // namespace
}  // namespace opi::filtering
