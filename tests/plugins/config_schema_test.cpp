#include "plugins/config_schema.hpp"

#include <gmock/gmock.h>

namespace opi::plugins {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> faults(std::string_view schema, std::string_view config) {
  std::vector<std::string> problems;
  const auto parsed = ConfigSchema::parse(boost::json::parse({schema.data(), schema.size()}), "", problems);
  EXPECT_THAT(problems, IsEmpty());
  std::vector<std::string> found;
  for (const auto& fault : parsed.check(config)) found.push_back(fault.path + " " + fault.message);
  return found;
}
std::vector<std::string> problems_of(std::string_view schema) {
  std::vector<std::string> problems;
  (void)ConfigSchema::parse(boost::json::parse({schema.data(), schema.size()}), "/s", problems);
  return problems;
}

TEST(ConfigSchema, NamesEveryFieldThatIsWrongAtOnce) {
  EXPECT_THAT(faults(R"({"type":"object","additionalProperties":false,"required":["a","b"],
                        "properties":{"a":{"type":"integer","minimum":1,"maximum":3},"b":{},"c":{"type":["string","null"],"minLength":2,"maxLength":3}}})",
                     R"({"a":4,"c":"ü","d~/e":1})"),
              ElementsAre("/b is required", "/a is above the maximum of 3", "/c is shorter than 2 characters",
                          "/d~0~1e is not a known field"));
}

TEST(ConfigSchema, HoldsItsBoundsAtTheirEdges) {
  const auto* const schema = R"({"type":"object","maxProperties":2,"properties":{
      "n":{"type":"number","minimum":1,"maximum":2.5},"s":{"type":"string","minLength":1,"maxLength":2},
      "l":{"type":"array","minItems":1,"maxItems":2,"uniqueItems":true,"items":{"enum":["x","y"]}}}})";
  for (const auto* const good : {R"({"n":1})", R"({"n":2.5})", R"({"s":"ü"})", R"({"s":"üü"})", R"({"l":["x"]})",
                                 R"({"l":["x","y"]})", R"({"q":1,"r":2})"})
    EXPECT_THAT(faults(schema, good), IsEmpty()) << good;
  for (const auto* const bad :
       {R"({"n":0.99})", R"({"n":2.51})", R"({"s":""})", R"({"s":"üüü"})", R"({"l":[]})", R"({"l":["x","y","x"]})",
        R"({"l":["x","x"]})", R"({"l":["z"]})", R"({"q":1,"r":2,"t":3})", R"({"n":"1"})", R"([])", "null", "", "{"})
    EXPECT_THAT(faults(schema, bad), ::testing::SizeIs(::testing::Ge(1u))) << bad;
}

TEST(ConfigSchema, WritesBoundsAsPeopleDo) {
  const auto* const schema =
      R"({"type":"object","properties":{"n":{"type":"number","minimum":-20,"maximum":60},"f":{"type":"number","maximum":2.5}}})";
  EXPECT_THAT(faults(schema, R"({"n":61})"), ElementsAre("/n is above the maximum of 60"));
  EXPECT_THAT(faults(schema, R"({"n":-21})"), ElementsAre("/n is below the minimum of -20"));
  EXPECT_THAT(faults(schema, R"({"f":3})"), ElementsAre("/f is above the maximum of 2.5E0"));
}

TEST(ConfigSchema, ChecksValuesOfFurtherProperties) {
  const auto* const schema =
      R"({"type":"object","properties":{"h":{"type":"object","additionalProperties":{"type":"string"}}}})";
  EXPECT_THAT(faults(schema, R"({"h":{"a":"b"}})"), IsEmpty());
  EXPECT_THAT(faults(schema, R"({"h":{"a":1}})"), ElementsAre("/h/a is not of type string"));
}

TEST(ConfigSchema, ReportsAtMostItsLimitOfFaults) {
  std::string config = "{";
  for (int i = 0; i < 100; ++i) config += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  EXPECT_EQ(faults(R"({"type":"object","additionalProperties":false})", config + "}").size(), ConfigSchema::max_faults);
}

TEST(ConfigSchema, TakesAConfigurationUpToItsLimit) {
  const auto config = [](std::size_t bytes) { return R"({"a":")" + std::string(bytes - 8, 'x') + R"("})"; };
  EXPECT_THAT(faults(R"({"type":"object"})", config(ConfigSchema::max_config_bytes)), IsEmpty());
  EXPECT_THAT(faults(R"({"type":"object"})", config(ConfigSchema::max_config_bytes + 1)),
              ElementsAre(HasSubstr("is larger than 65536 bytes")));
}

TEST(ConfigSchema, RefusesWhatItWouldNotCheck) {
  EXPECT_THAT(problems_of(R"({"type":"object","properties":{"a":{"pattern":"x"}}})"),
              ElementsAre(HasSubstr("/s/properties/a/pattern: this keyword")));
  EXPECT_THAT(problems_of(R"({"type":"object","oneOf":[]})"), ElementsAre(HasSubstr("/s/oneOf")));
  EXPECT_THAT(problems_of(R"({"type":"strnig"})"), ::testing::Contains(HasSubstr("/s/type: is not a type")));
  EXPECT_THAT(problems_of(R"({"type":"array"})"), ElementsAre(HasSubstr("must have \"type\": \"object\"")));
  EXPECT_THAT(problems_of(R"({"type":"object","maxProperties":-1,"required":[1],"x-note":"fine"})"),
              ::testing::SizeIs(2));
  std::string deep = R"({"type":"object","properties":{"a":{)", end = "}}}";
  for (int i = 1; i < 16; ++i) deep += R"("items":{)", end += "}";
  EXPECT_THAT(problems_of(deep + end), IsEmpty());
  deep += R"("items":{)", end += "}";
  EXPECT_THAT(problems_of(deep + end), ElementsAre(HasSubstr("is nested deeper than 16")));
}

}  // namespace
}  // namespace opi::plugins
