#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <opi/kit/template.hpp>

namespace opi::kit {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Templates : public ::testing::Test {
 protected:
  Templates() {
    raw_.size = sizeof raw_;
    raw_.event_id = sdk::raw("evt-1");
    raw_.source = sdk::raw("say \"hi\"\\\n");
    raw_.payload = sdk::raw(payload_);
  }
  std::string render(std::string_view text, Missing missing = Missing::null) {
    return Template(text, {.missing = missing}).render(sdk::Delivery(raw_));
  }

  static constexpr std::string_view payload_ = R"({
    "alert": { "title": "Ünïcode \"quoted\" \u00e9", "score": 12345678901234567890.50, "tags": ["a", {"b": null}], "none": null },
    "flag": true, "a-b_c": 1, "esc\u0061ped": "yes", "twice": 1, "twice": 2 })";
  opi_delivery raw_{};
};

TEST_F(Templates, PutFieldsAndPayloadValuesInPlace) {
  EXPECT_EQ(render(R"({"id":"{{event_id}}","t":{{payload.alert.title}},"f":{{payload.flag}}})"),
            R"({"id":"evt-1","t":"Ünïcode \"quoted\" \u00e9","f":true})");
}

TEST_F(Templates, KeepNumbersToTheLastDigit) {
  EXPECT_EQ(render("[{{payload.alert.score}}]"), "[12345678901234567890.50]");
}

TEST_F(Templates, EscapeInsideStrings) {
  EXPECT_EQ(render(R"({"a":"from {{source}}: {{payload.alert.title}} {{payload.alert.tags}}"})"),
            R"({"a":"from say \"hi\"\\\n: Ünïcode \"quoted\" \u00e9 [\"a\", {\"b\": null}]"})");
  EXPECT_EQ(render(R"({"a":{{source}}})"), R"({"a":"say \"hi\"\\\n"})");
}

TEST_F(Templates, AreAlwaysJsonWhateverTheValues) {
  for (const auto* const text : {R"({"a":"{{payload}}"})", R"({"a":{{payload}}})", R"(["\"{{payload.alert}}\\"])",
                                 R"({"{{source}}":[{{payload.alert.tags.1}}]})"}) {
    boost::system::error_code error;
    (void)boost::json::parse(render(text), error);
    EXPECT_FALSE(error) << text << " gave " << render(text);
  }
}

TEST_F(Templates, FollowIndicesEscapedNamesAndTheLastOfEqualNames) {
  EXPECT_EQ(render("[{{payload.alert.tags.0}},{{payload.a-b_c}},{{payload.escaped}},{{payload.twice}}]"),
            R"(["a",1,"yes",2])");
}

TEST_F(Templates, MakeMissingValuesNullOrNothing) {
  EXPECT_EQ(
      render(
          R"({"a":{{payload.x}},"b":"<{{payload.alert.none}}>","c":{{ticket_id}},"d":{{payload.alert.tags.2}},"e":{{payload.flag.x}}})"),
      R"({"a":null,"b":"<>","c":null,"d":null,"e":null})");
}

TEST_F(Templates, MakeMissingValuesAnErrorThatNamesThem) {
  EXPECT_THAT([&] { render(R"({"a":{{payload.alert.none}}})", Missing::error); },
              ThrowsMessage<sdk::Failure>(HasSubstr("{{payload.alert.none}} has no value")));
  EXPECT_THAT([&] { render(R"({"a":"{{ticket_id}}"})", Missing::error); },
              ThrowsMessage<sdk::Failure>(HasSubstr("{{ticket_id}}")));
}

TEST_F(Templates, AreRefusedWithThePlaceOfTheFault) {
  const auto refused = [](std::string_view text, const char* why) {
    EXPECT_THAT([&] { Template(text, {}); }, ThrowsMessage<sdk::Failure>(HasSubstr(why))) << text;
  };
  refused(R"({"a":{{nonsense}}})", "at byte 5: \"nonsense\" is not a known name");
  refused(R"({"a":{{payload.}}})", "at byte 5: the path after \"payload.\" is empty");
  refused(R"({"a":{{payload.a..b}}})", "malformed");
  refused(R"({"a":{{payload.a.}}})", "malformed");
  refused(R"({"a":{{payload.a b}}})", "malformed");
  refused(R"({"a":{{event_id})", "at byte 5: \"{{\" is not closed");
  refused(R"({"a":})", "is not JSON around its placeholders");
  refused("", "is not JSON");
  refused(R"({"a":{{event_id}}{{event_id}}})", "is not JSON around its placeholders");
  refused("hello {{event_id}}", "is not JSON");
}

TEST_F(Templates, HaveLimitsAtTheirEdges) {
  std::string path = "payload";
  for (std::size_t i = 0; i < Template::max_path; ++i) path += ".a";
  EXPECT_NO_THROW(Template("[{{" + path + "}}]", {}));
  EXPECT_THROW(Template("[{{" + path + ".a}}]", {}), sdk::Failure);
  std::string many = "[{{event_id}}";
  for (std::size_t i = 1; i < Template::max_placeholders; ++i) many += ",{{event_id}}";
  EXPECT_NO_THROW(Template(many + "]", {}));
  EXPECT_THROW(Template(many + ",{{event_id}}]", {}), sdk::Failure);
}

TEST_F(Templates, TakeClosingBracesAfterAPlaceholderForWhatTheyAre) {
  EXPECT_EQ(render(R"({"a":{"b":{{payload.flag}}}})"), R"({"a":{"b":true}})");
}

TEST_F(Templates, EncodeValuesInUrls) {
  const auto url = [&](std::string_view text) {
    return Template(text, {.syntax = Syntax::url, .field = "update.path"}).render(sdk::Delivery(raw_));
  };
  EXPECT_EQ(url("/issues/{{event_id}}?q={{source}}"), "/issues/evt-1?q=say%20%22hi%22%5C%0A");
  EXPECT_EQ(url("/{{payload.alert.title}}"), "/%C3%9Cn%C3%AFcode%20%22quoted%22%20%C3%A9");
  EXPECT_THAT([&] { url("/issues/{{payload.alert.none}}"); },
              ThrowsMessage<sdk::Failure>("update.path: {{payload.alert.none}} has no value in this event"));
}

TEST_F(Templates, TakeNamesOfTheAdapter) {
  static constexpr std::string_view names[] = {"ref", "title"};
  const std::string values[] = {"4\"2", ""};
  const Template made(R"({"id":"{{ref}}","n":{{ref}},"t":{{title}}})", {.own_names = names});
  EXPECT_EQ(made.render(sdk::Delivery(raw_), values), R"({"id":"4\"2","n":"4\"2","t":null})");
}

TEST(JsonPointers, FollowRfc6901) {
  const std::string json = R"({"a/b":[{"c~d":7}],"":1,"x":"y"})";
  EXPECT_EQ(find_pointer(json, "/a~1b/0/c~0d")->text, "7");
  EXPECT_EQ(find_pointer(json, "/")->text, "1");
  EXPECT_EQ(find_pointer(json, "")->text, json);
  EXPECT_FALSE(find_pointer(json, "/a~1b/1"));
  EXPECT_FALSE(find_pointer(json, "x"));
}

// The payload was checked by the host; the reader must stay in bounds even if it was not.
TEST(JsonSlices, StayInBoundsOnMalformedText) {
  const std::string good = R"({"a":{"b":["x\"y",{"c":"\u0041"},1.5e3,null]},"d":""})";
  const std::string path = "a.b.1.c";
  for (std::size_t n = 0; n <= good.size(); ++n) {
    const std::string cut(good.data(), n);  // its own allocation: a sanitizer sees any overrun
    (void)find_value(cut, path);
    (void)find_value(cut, {});
    for (const char c : {'"', '\\', '{', '}', '[', ']', ',', ':', '\0'}) {
      auto mutated = cut;
      if (n > 0) mutated[n - 1] = c;
      if (const auto found = find_value(mutated, path)) {
        EXPECT_GE(found->text.data(), mutated.data());
        EXPECT_LE(found->text.data() + found->text.size(), mutated.data() + mutated.size());
      }
    }
  }
  EXPECT_EQ(find_value(good, path)->text, R"("\u0041")");
}

}  // namespace
}  // namespace opi::kit
