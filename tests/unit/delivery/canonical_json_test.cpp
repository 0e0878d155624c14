#include "delivery/canonical_json.hpp"

#include <gtest/gtest.h>

#include "delivery/decimal.hpp"

namespace opi::delivery {
namespace {

TEST(DecimalOf, EqualValuesAreEqualHoweverTheyAreWritten) {
  for (const auto* text : {"100", "1E+2", "1e2", "100.0", "10.00e1", "1000E-1", "0.001e5"})
    EXPECT_EQ(decimal_of(text), (Decimal{false, "1", 2})) << text;
  for (const auto* text : {"0", "-0", "-0.0", "0e5", "0.000E-7"}) EXPECT_EQ(decimal_of(text), Decimal{}) << text;
  EXPECT_EQ(decimal_of("-12.50"), (Decimal{true, "125", -1}));
  EXPECT_EQ(decimal_of("1e99999999999999999999").digits, "1") << "an exponent that fits nowhere";
}

TEST(CanonicalJson, NumbersHaveOneFormAValue) {
  for (const auto* text : {"100", "1E+2", "100.0"}) EXPECT_EQ(canonical_json(text), "100");
  for (const auto* text : {"0", "-0.0", "0e1"}) EXPECT_EQ(canonical_json(text), "0");
  EXPECT_EQ(canonical_json("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(canonical_json("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(canonical_json("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(canonical_json("18446744073709551616"), "18446744073709551616e0");
  EXPECT_EQ(canonical_json("123456789012345678901234567890"), "12345678901234567890123456789e1");
  EXPECT_EQ(canonical_json("1e400"), "1e400");
  EXPECT_EQ(canonical_json("0.1000000000000000055511151231257827"), "1000000000000000055511151231257827e-34");
}

// Content that was stored by earlier versions has been hashed in these forms.
TEST(CanonicalJson, ANumberThatADoubleKeepsIsWrittenAsItWas) {
  EXPECT_EQ(canonical_json("1.5"), "1.5E0");
  EXPECT_EQ(canonical_json("-2.50"), "-2.5E0");
  EXPECT_EQ(canonical_json("1e30"), "1E30");
  EXPECT_EQ(canonical_json("42"), "42");
}

TEST(CanonicalJson, MembersAreSortedByTheirNamesAndTheLastOfOneNameCounts) {
  EXPECT_EQ(canonical_json(R"( { "b" : [ 1 , {"y":null,"x":true} ] , "\u0061" : "\u00e4\/\n" } )"),
            "{\"a\":\"\xc3\xa4/\\n\",\"b\":[1,{\"x\":true,\"y\":null,},],}");
  EXPECT_EQ(canonical_json(R"({"a":1,"\u0061":2})"), R"({"a":2,})");
  EXPECT_EQ(canonical_json("{}"), "{}");
  EXPECT_EQ(canonical_json(R"([ ])"), "[]");
  EXPECT_EQ(canonical_json(R"({"a":"x\"}","b":"\\"})"), R"({"a":"x\"}","b":"\\",})");
}

}  // namespace
}  // namespace opi::delivery
