#include "filtering/filter.hpp"

#include <gmock/gmock.h>

#include "filtering/exact_json.hpp"

namespace opi::filtering {
namespace {

using testing::HasSubstr;

bool holds(std::string_view expression, std::string_view json) {
  const auto parsed = Filter::parse(expression);
  if (const auto* fault = std::get_if<SyntaxFault>(&parsed)) {
    ADD_FAILURE() << expression << ": at " << fault->offset << ": " << fault->message;
    return false;
  }
  const auto event = exact_json(json);
  EXPECT_TRUE(event) << json;
  return event && std::get<Filter>(parsed).matches(*event);
}

SyntaxFault fault_of(std::string_view expression) {
  const auto parsed = Filter::parse(expression);
  const auto* fault = std::get_if<SyntaxFault>(&parsed);
  if (fault != nullptr) return *fault;
  ADD_FAILURE() << "accepted: " << expression;
  return {};
}

struct Case {
  const char *expression, *event;
  bool holds;
};

void expect_all(std::initializer_list<Case> cases) {
  for (const auto& one : cases)
    EXPECT_EQ(holds(one.expression, one.event), one.holds) << one.expression << " of " << one.event;
}

constexpr const char* alert = R"({"event_type":"alert.created","source":"edr","payload":
  {"severity":8,"tags":["crown","eu"],"owner":null,"asset":{"name":"db-1","risk":7.5},
   "hits":[{"rule":"r1","score":3},{"rule":"r2","score":9}]}})";

TEST(Filter, ReadsTypeSourceAndPayload) {
  expect_all({
      {R"(@.event_type == "alert.created" && @.payload.severity >= 7 && @.payload.tags[?@ == "crown"])", alert, true},
      {R"(@.event_type == "alert.created" && @.payload.severity >= 9)", alert, false},
      {R"(@.payload.severity >= 9 || @.source == 'edr')", alert, true},
      {R"(!(@.source == "edr"))", alert, false},
      {R"(!@.payload.assignee && @['payload']["asset"].name == 'db-1')", alert, true},
      {"\t( @.payload.severity\n==\r8 )\n", alert, true},
  });
}

TEST(Filter, AMissingValueIsEqualToNothingButAnotherMissingOne) {
  expect_all({
      {R"(@.x == "a")", "{}", false},
      {R"(@.x != "a")", "{}", true},
      {"@.x == null", "{}", false},
      {"@.x != null", "{}", true},
      {"@.x < 1", "{}", false},
      {"@.x >= 1", "{}", false},
      {"@.x == @.y", "{}", true},
      {"@.x <= @.y", "{}", true},
      {"@.x < @.y", "{}", false},
      {"@.x.y.z == 1", R"({"x":[1]})", false},
  });
}

TEST(Filter, NullEqualsNullAloneAndExists) {
  expect_all({
      {"@.x == null", R"({"x":null})", true},
      {"@.x", R"({"x":null})", true},
      {"@.x", R"({"x":false})", true},
      {"@.x", "{}", false},
      {"!@.x", R"({"x":null})", false},
      {"@.x == false", R"({"x":null})", false},
      {"@.x == 0", R"({"x":null})", false},
      {R"(@.x == "")", R"({"x":null})", false},
      {"@.x <= null", R"({"x":null})", true},
      {"@.x < null", R"({"x":null})", false},
  });
}

TEST(Filter, ConvertsNothing) {
  expect_all({
      {R"(@.x == "1")", R"({"x":1})", false},
      {"@.x == 1", R"({"x":"1"})", false},
      {"@.x == 1", R"({"x":true})", false},
      {"@.x == true", R"({"x":"true"})", false},
      {"@.x < 2", R"({"x":"1"})", false},
      {R"(@.x < "2")", R"({"x":1})", false},
      {"@.x != 1", R"({"x":"1"})", true},
      {"@.x < true", R"({"x":false})", false},
      {"@.x <= true", R"({"x":true})", true},
      {"@.x == 1", R"({"x":[1]})", false},  // arrays are not unwrapped
      {"@.x >= 1", R"({"x":[1]})", false},
  });
}

TEST(Filter, ComparesNumbersByTheirExactValue) {
  expect_all({
      {"@.x == 9007199254740993", R"({"x":9007199254740993})", true},
      {"@.x == 9007199254740992", R"({"x":9007199254740993})", false},
      {"@.x == 9007199254740992.0", R"({"x":9007199254740993})", false},
      {"@.x > 9007199254740992.0", R"({"x":9007199254740993})", true},
      {"@.x == 9223372036854775807", R"({"x":9223372036854775807})", true},
      {"@.x < 9223372036854775808", R"({"x":9223372036854775807})", true},
      {"@.x < 9.223372036854775807e18", R"({"x":9223372036854775807})", true},  // the double is 2^63
      {"@.x == 9223372036854775808.0", R"({"x":9223372036854775808})", true},
      {"@.x == 18446744073709551615", R"({"x":18446744073709551615})", true},
      {"@.x < 18446744073709551616", R"({"x":18446744073709551615})", true},
      {"@.x == -9223372036854775808.0", R"({"x":-9223372036854775808})", true},
      {"@.x < -1e300", R"({"x":-9223372036854775808})", false},
      {"@.x > -1", R"({"x":18446744073709551615})", true},
      {"@.x < 0.5", R"({"x":0})", true},
      {"@.x > -0.5", R"({"x":0})", true},
      {"@.x < -0.5", R"({"x":-1})", true},
      {"@.x > 18446744073709551614.5", R"({"x":18446744073709551615})", false},  // the double is 2^64
      {"@.x == 5", R"({"x":5.0})", true},
      {"@.x == 5e0", R"({"x":5})", true},
      {"@.x == -0", R"({"x":0})", true},
      {"@.x == 0", R"({"x":-0.0})", true},
      {"@.x == 0.1", R"({"x":0.1})", true},
      {"@.x == 123456789012345678901234567890e-20", R"({"x":1234567890.1234567890123456789})", true},
      {"@.x == 0.30000000000000004", R"({"x":0.3})", false},
      {"@.x == 4.35", R"({"x":4.35})", true},
      {"@.x == 1e-400", R"({"x":0})", true},
      {"@.x > 1e308", R"({"x":1e400})", true},  // of an event, beyond all doubles
      {"@.x == @.y", R"({"x":1e400,"y":-1e400})", false},
      {"@.a == @.b", R"({"a":[1,{"x":2.0}],"b":[1.0,{"x":2}]})", true},
  });
}

TEST(Filter, ComparesTextByCodePoints) {
  expect_all({
      // U+FF61 stands before U+1F600, whose UTF-16 begins with a lower unit.
      {R"(@.x < @.y)", R"({"x":"\uff61","y":"\ud83d\ude00"})", true},
      {R"(@.x == "\ud83d\ude00")", R"({"x":"😀"})", true},
      {R"(@.x == 'it\'s "\u00e9"')", R"({"x":"it's \"é\""})", true},
      {R"(@.x == "\b\f\n\r\t\/\\")", R"({"x":"\b\f\n\r\t/\\"})", true},
      {R"(@.x == "é")", "{\"x\":\"e\\u0301\"}", false},  // nothing is normalised
      {R"(@.x < "b")", R"({"x":"abc"})", true},
      {R"(@.x < "abc")", R"({"x":"ab"})", true},
      {R"(@["ключ"].é == 1)", R"({"ключ":{"é":1}})", true},
  });
}

TEST(Filter, TheLastOfSeveralMembersOfOneNameCounts) {
  expect_all({{"@.x == 2", R"({"x":1,"x":2})", true}, {"@.x == 1", R"({"x":1,"x":2})", false}});
}

TEST(Filter, ComparesWholeValues) {
  expect_all({
      {"@.a == @.b", R"({"a":{"x":[1,2],"y":null},"b":{"y":null,"x":[1,2]}})", true},
      {"@.a == @.b", R"({"a":{"x":[1,2]},"b":{"x":[2,1]}})", false},
      {"@.a == @.b", R"({"a":{"x":1},"b":{"x":1,"y":1}})", false},
      {"@.a == @.b", R"({"a":[],"b":{}})", false},
      {"@.a < @.b", R"({"a":[1],"b":[2]})", false},
      {"@.a <= @.b", R"({"a":[1],"b":[1]})", true},
  });
}

TEST(Filter, SelectsElements) {
  expect_all({
      {R"(@.payload.hits[?@.rule == "r2" && @.score > 5])", alert, true},
      {R"(@.payload.hits[?@.rule == "r1" && @.score > 5])", alert, false},
      {R"(@.payload.hits[?@.rule == "r1"] && @.payload.hits[?@.score > 5])", alert, true},
      {"@.payload.hits[-1].score == 9", alert, true},
      {"@.payload.hits[2]", alert, false},
      {"@.payload.hits[-3]", alert, false},
      {"@.payload.hits.*.score", alert, true},
      {"@.payload[*][?@ == 'eu']", alert, true},
      {"@.payload.hits['0']", alert, false},
      {"@.payload.asset[0]", alert, false},
      {"@.payload.hits[?@[?@ == 9]]", alert, true},
  });
}

TEST(Filter, SlicesAsTheRfcSaysIt) {
  const char* numbers = R"({"a":[0,1,2,3,4]})";
  expect_all({
      {"count(@.a[1:3]) == 2", numbers, true},
      {"count(@.a[:]) == 5", numbers, true},
      {"count(@.a[5:]) == 0", numbers, true},
      {"count(@.a[::2]) == 3", numbers, true},
      {"count(@.a[::-1]) == 5", numbers, true},
      {"count(@.a[3:0:-2]) == 2", numbers, true},
      {"count(@.a[::0]) == 0", numbers, true},
      {"count(@.a[-2:]) == 2", numbers, true},
      {"count(@.a[:-9]) == 0", numbers, true},
      {"value(@.a[ 3 : 4 : 1 ]) == 3", numbers, true},
      {"count(@.a[-9007199254740991:9007199254740991:9007199254740991]) == 1", numbers, true},
      {"count(@.a[9007199254740991:-9007199254740991:-9007199254740991]) == 1", numbers, true},
      {"@.b[1:]", R"({"b":"text"})", false},
  });
}

TEST(Filter, Functions) {
  expect_all({
      {"length(@.payload.tags) == 2", alert, true},
      {"length(@.payload.asset) == 2", alert, true},
      {"length(@.x) == 3", R"({"x":"é😀x"})", true},
      {"length(@.x) == 1", R"({"x":5})", false},
      {"length(@.x) == length(@.y)", "{}", true},  // both are missing
      {"length(value(@.payload.*.name)) == 4", alert, true},
      {"count(@.payload.hits[?@.score > 2]) == 2", alert, true},
      {"count(@.nothing) == 0", alert, true},
      {"value(@.payload.hits[?@.score > 5]) == @.payload.hits[1]", alert, true},
      {"value(@.payload.hits[?@.score > 1]) == @.nothing", alert, true},  // several are none
      {"match(@.source, 'ed[a-z]')", alert, true},
      {"match(@.source, 'ed')", alert, false},
      {"search(@.source, 'd')", alert, true},
      {"!search(@.source, '^d') && search(@.source, '^e.*r$')", alert, true},
      {"match(@.payload.severity, '8')", alert, false},
      {"match(@.nothing, '.*')", alert, false},
      {"!match(@.nothing, '.*')", alert, true},
      {"@.payload.tags[?match(@, 'cr.*')]", alert, true},
  });
}

struct Refusal {
  const char* expression;
  std::size_t offset;
  const char* expected;
};

TEST(FilterSyntax, AFaultNamesItsPlaceAndWhatWasExpected) {
  const Refusal refusals[] = {
      {"", 0, "expected @, a literal"},
      {"  ", 2, "expected @, a literal"},
      {"@.a ==", 6, "expected @, a literal"},
      {"@.a = 1", 4, "expected &&, || or the end"},
      {"@.a == 1 &", 9, "expected &&, || or the end"},
      {"@.a == 1 && ", 12, "expected @, a literal"},
      {"@.a == 1 @.b", 9, "expected &&, || or the end"},
      {"(@.a == 1", 9, "or )"},
      {"@.a == 1)", 8, "expected &&, || or the end"},
      {"true", 4, "a literal alone"},
      {"'é' ", 3, "a literal alone"},
      {"'é' == #", 7, "expected @, a literal"},
      {"!true", 5, "a literal alone"},
      {"!@.a == 1", 1, "in parentheses"},
      {"!!@.a", 1, "expected @, a literal"},
      {"(@.a) == 1", 6, "expected &&, || or the end"},
      {"@.a == (1)", 7, "expected @, a literal"},
      {"@.a == abc", 7, "texts stand in quotes"},
      {"$.a == 1", 0, "$ is not supported"},
      {"@.a[?@ == $.b]", 10, "$ is not supported"},
      {"@..a", 1, ".. is not supported"},
      {"@.a['b','c']", 7, "several selectors"},
      {"@.a[1", 5, "expected ]"},
      {"@.a[]", 4, "expected a name in quotes"},
      {"@.a[b]", 4, "expected a name in quotes"},
      {"@.", 2, "expected a name"},
      {"@.a-b", 3, "expected &&, || or the end"},
      {"@. a", 2, "expected a name"},
      {"@.1", 2, "expected a name"},
      {"@.a[01]", 4, "without leading zeros"},
      {"@.a[-0]", 4, "without leading zeros"},
      {"@.a[-]", 5, "expected a digit"},
      {"@.a[9007199254740992]", 4, "9007199254740991"},
      {"@.a[1:2:x]", 8, "expected ]"},
      {"@.* == 1", 0, "expected a query for one value"},
      {"1 == @[1:2]", 5, "expected a query for one value"},
      {"@.a == 01", 7, "without leading zeros"},
      {"@.a == -", 8, "expected a digit"},
      {"@.a == 1.", 9, "a digit after the point"},
      {"@.a == 1e", 9, "a digit of the exponent"},
      {"@.a == 1e400", 7, "range of a double"},
      {"@.a == -1e309", 7, "range of a double"},
      {"@.a == 0.001e400", 7, "range of a double"},
      {"@.a == 'x", 7, "the quote that ends"},
      {"@.a == 'x\ny'", 9, "no control character"},
      {R"(@.a == '\x')", 8, R"(expected one of \b)"},
      {R"(@.a == '\"')", 8, R"(expected one of \b)"},
      {R"(@.a == '\u12g4')", 12, "hexadecimal"},
      {R"(@.a == '\ud800')", 8, "pair of surrogates"},
      {R"(@.a == '\udc00\ud800')", 8, "pair of surrogates"},
      {"@.a == '\xff'", 8, "UTF-8"},
      {"length(@.a)", 11, "the function makes a value"},
      {"length(@.*) == 1", 7, "expected a query for one value"},
      {"length() == 1", 7, "expected @, a literal"},
      {"length(@.a, @.b) == 1", 10, "expected )"},
      {"length (@.a) == 1", 0, "true, false, null or a function"},
      {"count(1) == 1", 6, "expected a query"},
      {"value('a') == 1", 6, "expected a query"},
      {"value(@.a).x == 1", 10, "the function makes a value"},
      {"size(@.a) == 1", 0, "expected one of length"},
      {"match(@.a, 'x') == true", 0, "by themselves"},
      {"true == match(@.a, 'x')", 8, "by themselves"},
      {"length(match(@.a, 'x')) == 1", 7, "by themselves"},
      {"match(@.a)", 9, "expected , and a pattern"},
      {"match(@.a, @.b)", 11, "a pattern in quotes"},
      {"match(@.*, 'x')", 6, "expected a query for one value"},
      {"match(@.a, 'a(')", 11, "at offset 2 of the pattern: expected )"},
      {"match(@.a, '[z-a]')", 11, "upwards"},
  };
  for (const auto& one : refusals) {
    const auto fault = fault_of(one.expression);
    EXPECT_EQ(fault.offset, one.offset) << one.expression << ": " << fault.message;
    EXPECT_THAT(fault.message, HasSubstr(one.expected)) << one.expression;
  }
}

std::string repeated(const std::string& text, int times, const std::string& between) {
  std::string all = text;
  for (int i = 1; i < times; ++i) all += between + text;
  return all;
}

TEST(FilterLimits, HoldAtTheirEdges) {
  const std::string most = "@.a == '" + std::string(FilterLimits::length - 9, 'x') + "'";
  ASSERT_EQ(most.size(), FilterLimits::length);
  EXPECT_FALSE(holds(most, "{}"));
  EXPECT_THAT(fault_of(most + " ").message, HasSubstr("at most 2048 bytes"));

  EXPECT_TRUE(holds(repeated("@.a", FilterLimits::terms, "&&"), R"({"a":1})"));
  EXPECT_THAT(fault_of(repeated("@.a", FilterLimits::terms + 1, "&&")).message, HasSubstr("at most 64"));
  EXPECT_THAT(fault_of("length(@) == 1 || " + repeated("@.a", FilterLimits::terms - 1, "||")).message,
              HasSubstr("at most 64"));

  const auto parentheses = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "@.a" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(holds(parentheses(FilterLimits::depth), R"({"a":1})"));
  EXPECT_THAT(fault_of(parentheses(FilterLimits::depth + 1)).message, HasSubstr("at most 8 levels"));
  const auto brackets = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "@[?";
    return text + "@" + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(holds(brackets(FilterLimits::depth), "[[[[[[[[1]]]]]]]]"));
  EXPECT_THAT(fault_of(brackets(FilterLimits::depth + 1)).message, HasSubstr("at most 8 levels"));
  // A level that was left counts no more.
  EXPECT_TRUE(holds(repeated("(((@.a)))", 20, "&&"), R"({"a":1})"));
}

TEST(FilterLimits, OfSelectorsOfSeveralChildrenHoldAtTheirEdge) {
  EXPECT_TRUE(
      holds("@.* && @[*] && @.a[0:] && @.a[?@] || " + repeated("@.*", FilterLimits::loops - 4, "||"), R"({"a":[1]})"));
  for (const char* one : {"@.*", "@[*]", "@[1:]", "@[?@.a]"})
    EXPECT_THAT(fault_of(repeated("@.*", FilterLimits::loops, "||") + "||" + one).message,
                HasSubstr("at most 8 selectors"));
}

TEST(FilterLimits, OfPatternsCountForAllOfThemTogether) {
  const std::string pattern = "match(@.a, '([a-z].){1,20}')";
  EXPECT_FALSE(holds(repeated(pattern, 5, "||"), "{}"));
  EXPECT_THAT(fault_of(repeated(pattern, 5, "||") + "|| match(@.b, 'x')").message,
              HasSubstr("expected smaller patterns"));
}

TEST(ExactJson, ReadsWhatJsonIsAndNothingElse) {
  EXPECT_TRUE(exact_json(" [1, 2.5e3, \"x\", {\"a\": [null, true]}] \n"));
  for (const char* text : {"", "[1", "[1] 2", "{\"a\":}", "nul", "01"}) EXPECT_FALSE(exact_json(text)) << text;
  EXPECT_TRUE(exact_json(std::string(32, '[') + std::string(32, ']')));
  EXPECT_FALSE(exact_json(std::string(33, '[') + std::string(33, ']')));
  EXPECT_FALSE(exact_json("\"\xff\""));
}

TEST(FilterLimits, OfEffortEndALookThatSaysNothing) {
  const auto event = exact_json(R"({"list":[1,2,3,4,5,6,7,8,9,10],"text":")" + std::string(640, 'x') + "\"}");
  const auto steps_of = [&](const char* text) {
    const auto filter = std::get<Filter>(Filter::parse(text));
    for (int steps = 0;; ++steps) {
      Effort enough{steps};
      if (const auto holds = filter.matches(*event, enough)) {
        EXPECT_EQ(*holds, filter.matches(*event)) << text;
        return steps;
      }
    }
  };
  EXPECT_LE(steps_of("@.list"), 3);
  std::string ten = "@.text != 'y'";
  for (int i = 1; i < 10; ++i) ten += " && @.missing != 'y'";
  EXPECT_LE(steps_of(ten.c_str()), 45) << "a thousand of these and more are looked at";
  EXPECT_GE(steps_of("@.list[?@ == 11]"), 20) << "each element, and its comparison";
  EXPECT_GE(steps_of("@.list == @.list"), 11);
  EXPECT_GE(steps_of("@.text == 'x'"), 10) << "its text counts";
  EXPECT_GE(steps_of("@.text < 'x'"), 10);
  EXPECT_GE(steps_of("length(@.text) == 640"), 10);
  EXPECT_GE(steps_of("search(@.text, 'y')"), 160);
  Effort none{0};
  EXPECT_EQ(std::get<Filter>(Filter::parse("true == true")).matches(*event, none), std::nullopt);
}

}  // namespace
}  // namespace opi::filtering
