#include "delivery/envelope.hpp"

#include <gtest/gtest.h>

#include <map>

namespace opi::delivery {
namespace {

// An envelope as JSON text, member by member; what a test sets replaces or adds a member, verbatim.
class Envelope {
 public:
  Envelope& with(const std::string& name, std::string json) {
    members_[name] = std::move(json);
    return *this;
  }
  Envelope& without(const std::string& name) {
    members_.erase(name);
    return *this;
  }
  [[nodiscard]] std::string text() const {
    std::string json = "{";
    for (const auto& [name, value] : members_) json += (json.size() > 1 ? ",\"" : "\"") + name + "\":" + value;
    return json + "}";
  }

 private:
  std::map<std::string, std::string> members_{
      {"event_id", R"("e-1")"},       {"event_type", R"("alert.created")"},
      {"schema_version", R"("1.0")"}, {"tenant_id", R"("acme")"},
      {"source", R"("edr")"},         {"timestamp", R"("2026-11-23T15:04:05.123Z")"},
      {"payload", R"({"a":1})"}};
};

ParsedEvent parsed(const std::string& text) {
  auto result = parse_envelope(text);
  if (auto* errors = std::get_if<std::vector<FieldError>>(&result)) {
    for (const auto& error : *errors) ADD_FAILURE() << error.field << ": " << error.message;
    return {};
  }
  return std::get<ParsedEvent>(std::move(result));
}
ParsedEvent parsed(const Envelope& envelope) { return parsed(envelope.text()); }

// The errors as "field: message", one a line.
std::string errors_of(const std::string& text) {
  const auto result = parse_envelope(text);
  std::string all;
  if (const auto* errors = std::get_if<std::vector<FieldError>>(&result))
    for (const auto& error : *errors) all += (all.empty() ? "" : "\n") + error.field + ": " + error.message;
  return all;
}
std::string errors_of(const Envelope& envelope) { return errors_of(envelope.text()); }

std::string in_quotes(const std::string& text) { return '"' + text + '"'; }

TEST(EnvelopeParsing, ReadsEveryMember) {
  const auto event =
      parsed(Envelope{}
                 .with("correlation_id", R"("c-ü")")
                 .with("causation_id", R"("k-1")")
                 .with("payload", R"({ "alert_id":"al" , "evidence_id":"ev","ticket_id":"ti", "n":1.50 })"))
          .event;
  EXPECT_EQ(event.event_id.str(), "e-1");
  EXPECT_EQ(event.tenant_id.str(), "acme");
  EXPECT_EQ(event.event_type, "alert.created");
  EXPECT_EQ(event.schema_version, "1.0");
  EXPECT_EQ(event.source, "edr");
  EXPECT_EQ(event.timestamp, "2026-11-23T15:04:05.123Z");
  EXPECT_EQ(event.correlation_id, "c-ü");
  EXPECT_EQ(event.causation_id, "k-1");
  EXPECT_EQ(event.alert_id, "al");
  EXPECT_EQ(event.evidence_id, "ev");
  EXPECT_EQ(event.ticket_id, "ti");
  EXPECT_EQ(event.payload, R"({ "alert_id":"al" , "evidence_id":"ev","ticket_id":"ti", "n":1.50 })");
}

TEST(EnvelopeParsing, OptionalMembersMayBeAbsentOrNull) {
  const auto event = parsed(Envelope{}.with("correlation_id", "null").with("payload", R"({"alert_id":null})")).event;
  EXPECT_EQ(event.correlation_id, "");
  EXPECT_EQ(event.causation_id, "");
  EXPECT_EQ(event.alert_id, "");
}

TEST(EnvelopeParsing, EveryRequiredMemberIsMissed) {
  for (const char* name : {"event_id", "event_type", "schema_version", "tenant_id", "source", "timestamp", "payload"})
    EXPECT_EQ(errors_of(Envelope{}.without(name)), std::string(name) + ": is missing");
}

TEST(EnvelopeParsing, EveryMemberHasItsType) {
  for (const char* name : {"event_id", "event_type", "schema_version", "tenant_id", "source", "timestamp",
                           "correlation_id", "causation_id"})
    for (const char* wrong : {"1", "true", "[]", "{}", "1.5"})
      EXPECT_EQ(errors_of(Envelope{}.with(name, wrong)), std::string(name) + ": must be a string") << wrong;
  for (const char* name : {"event_id", "event_type", "schema_version", "tenant_id", "source", "timestamp"}) {
    EXPECT_EQ(errors_of(Envelope{}.with(name, "null")), std::string(name) + ": must be a string");
    EXPECT_EQ(errors_of(Envelope{}.with(name, R"("")")), std::string(name) + ": is empty");
  }
  for (const char* wrong : {"1", "null", "[]", R"("x")"})
    EXPECT_EQ(errors_of(Envelope{}.with("payload", wrong)), "payload: must be an object");
  for (const char* name : {"alert_id", "evidence_id", "ticket_id"})
    EXPECT_EQ(errors_of(Envelope{}.with("payload", std::string("{\"") + name + "\":7}")),
              std::string("payload.") + name + ": must be a string");
}

TEST(EnvelopeParsing, EveryTextHasItsLengthInBytes) {
  struct Limit {
    const char* name;
    std::size_t bytes;
  };
  for (const auto& [name, bytes] :
       {Limit{"event_id", 128}, Limit{"event_type", 128}, Limit{"schema_version", 32}, Limit{"tenant_id", 64},
        Limit{"source", 256}, Limit{"correlation_id", 128}, Limit{"causation_id", 128}}) {
    EXPECT_EQ(errors_of(Envelope{}.with(name, in_quotes(std::string(bytes, 'a')))), "") << name;
    EXPECT_EQ(errors_of(Envelope{}.with(name, in_quotes(std::string(bytes + 1, 'a')))),
              std::string(name) + ": is longer than " + std::to_string(bytes) + " bytes");
  }
  EXPECT_EQ(errors_of(Envelope{}.with("timestamp", in_quotes("2026-11-23T15:04:05." + std::string(43, '1') + "Z"))),
            "");
  EXPECT_EQ(errors_of(Envelope{}.with("timestamp", in_quotes("2026-11-23T15:04:05." + std::string(44, '1') + "Z"))),
            "timestamp: is longer than 64 bytes");
  std::string umlauts;
  for (int i = 0; i < 65; ++i) umlauts += "ü";
  EXPECT_EQ(errors_of(Envelope{}.with("correlation_id", in_quotes(umlauts))),
            "correlation_id: is longer than 128 bytes");
  EXPECT_EQ(errors_of(Envelope{}.with("payload", R"({"ticket_id":")" + std::string(129, 'a') + "\"}")),
            "payload.ticket_id: is longer than 128 bytes");
}

TEST(EnvelopeParsing, ThePayloadHasItsSizeAsItIsWritten) {
  const auto of = [](std::size_t bytes) { return R"({"a":")" + std::string(bytes - 8, 'x') + "\"}"; };
  EXPECT_EQ(parsed(Envelope{}.with("payload", of(262'144))).event.payload.size(), 262'144u);
  EXPECT_EQ(errors_of(Envelope{}.with("payload", of(262'145))), "payload: is larger than 262144 bytes");
  auto spaced = of(262'144);
  spaced.insert(1, 1, ' ');
  EXPECT_EQ(errors_of(Envelope{}.with("payload", spaced)), "payload: is larger than 262144 bytes");
}

TEST(EnvelopeParsing, ThePayloadKeepsEveryByteBetweenItsBraces) {
  const std::string written =
      "{ \"b\" :\t[ 1.0 , 2.50e+01 ],\r\n  \"a\" : \"\\u00e9 \\/\" ,\"a\":12345678901234567890123 }";
  const auto spaced = parsed(Envelope{}.with("payload", " \n" + written + " "));
  EXPECT_EQ(spaced.event.payload, written);
  const auto compact =
      parsed(Envelope{}.with("payload", R"({"b":[1.0,2.50e+01],"a":"\u00e9 \/","a":12345678901234567890123})"));
  EXPECT_EQ(spaced.content_hash, compact.content_hash) << "the same event, handed in again in other words";
}

TEST(EnvelopeParsing, ControlCharactersAreRefused) {
  for (const char* name : {"schema_version", "source", "correlation_id"})
    for (const char* wrong : {R"("a\u0000b")", R"("a\nb")", R"("a\u001fb")", "\"a\x7f\"", R"("a\u0080b")",
                              R"("a\u009fb")", R"("a\r\nX-Evil: 1")"})
      EXPECT_EQ(errors_of(Envelope{}.with(name, wrong)), std::string(name) + ": contains control characters");
  EXPECT_EQ(errors_of(Envelope{}.with("payload", R"({"a":"\u0000"})")), "payload: contains a NUL character");
  EXPECT_EQ(errors_of(Envelope{}.with("payload", R"({"\u0000":1})")), "payload: contains a NUL character");
  EXPECT_EQ(errors_of(Envelope{}.with("payload", R"({"a":"C:\\u0000\n\u0001"})")), "");
  EXPECT_NE(errors_of(Envelope{}.with("source", "\"a\x01\"")), "") << "raw control characters are not JSON";
}

TEST(EnvelopeParsing, SignsThatTurnTheDirectionOfTextAreRefused) {
  for (const char* sign : {"061c", "200e", "200f", "202a", "202e", "2066", "2069"})
    EXPECT_EQ(errors_of(Envelope{}.with("source", "\"a\\u" + std::string(sign) + "b\"")),
              "source: contains control characters");
  for (const char* sign : {"061b", "200d", "2010", "2029", "202f", "2065", "206a", "05d0"})
    EXPECT_EQ(errors_of(Envelope{}.with("source", "\"a\\u" + std::string(sign) + "b\"")), "") << sign;
}

TEST(EnvelopeParsing, ThePayloadKeepsTheDigitsThatCameHoweverItsNameIsSpelled) {
  const std::string written = R"({"n":123456789012345678901234567890,"x":1E+2,"z":-0.0})";
  EXPECT_EQ(parsed(Envelope{}.with("payload", written)).event.payload, written);
  auto text = Envelope{}.with("payload", written).text();
  text.replace(text.find("\"payload\""), 9, R"("p\u0061yload")");
  EXPECT_EQ(parsed(text).event.payload, written);
}

TEST(EnvelopeParsing, InvalidUtf8IsRefusedEverywhere) {
  for (const char* bytes : {"\xff", "\xc3(", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "\xe2\x82"}) {
    EXPECT_NE(errors_of(Envelope{}.with("source", in_quotes(bytes))).find(": is not valid JSON"), std::string::npos);
    EXPECT_NE(errors_of(Envelope{}.with("payload", "{\"a\":" + in_quotes(bytes) + "}")), "");
  }
  EXPECT_NE(errors_of(Envelope{}.with("source", R"("\ud800")")), "") << "a lone surrogate";
  EXPECT_EQ(errors_of(Envelope{}.with("source", R"("\ud83d\ude80 🚀")")), "");
}

TEST(EnvelopeParsing, IdsHaveTheirAlphabets) {
  for (const char* wrong : {R"("a b")", R"("a/b")", R"("ü")", R"("a\"")"})
    EXPECT_EQ(errors_of(Envelope{}.with("event_id", wrong)), "event_id: may hold letters, digits and -_.: only");
  for (const char* wrong : {R"("Acme")", R"("a.b")", R"("a b")"})
    EXPECT_EQ(errors_of(Envelope{}.with("tenant_id", wrong)),
              "tenant_id: may hold lower-case letters, digits, '-' and '_' only");
  for (const char* wrong : {R"("Alert")", R"("a..b")", R"("a.")", R"("*")"})
    EXPECT_EQ(errors_of(Envelope{}.with("event_type", wrong)),
              "event_type: must be a dotted lower-case name, such as alert.created");
}

TEST(EnvelopeParsing, TheHostsOwnEventTypesAreNotForProducers) {
  for (const char* own : {R"("ticket.delivery.succeeded")", R"("ticket.delivery.anything")",
                          R"("integration.alert.raised")", R"("oneprotect.test")"})
    EXPECT_EQ(errors_of(Envelope{}.with("event_type", own)), "event_type: is kept for the host's own events");
  for (const char* free : {R"("ticket.created")", R"("ticket.delivery")", R"("oneprotect.tests")"})
    EXPECT_EQ(errors_of(Envelope{}.with("event_type", free)), "");
}

TEST(EnvelopeParsing, AnUnknownMemberIsNamed) {
  EXPECT_EQ(errors_of(Envelope{}.with("corelation_id", R"("x")")), "corelation_id: is not a member of the envelope");
  std::string umlauts;
  for (int i = 0; i < 70; ++i) umlauts += "ü";
  const auto error = errors_of(Envelope{}.with(umlauts, "1"));
  EXPECT_EQ(error.substr(0, 63 * 2 + 3), umlauts.substr(0, 63 * 2) + "…") << "cut between characters";
}

TEST(EnvelopeParsing, AMemberThatIsNamedTwiceIsRefused) {
  auto text = Envelope{}.text();
  EXPECT_EQ(errors_of(text.insert(1, R"("source":"other",)")), ": names a member twice");
  text = Envelope{}.text();
  EXPECT_EQ(errors_of(text.insert(1, R"("payloa\u0064":{},)")), ": names a member twice");
}

TEST(EnvelopeParsing, ReportsAllErrorsTogether) {
  EXPECT_EQ(
      errors_of(
          Envelope{}.without("source").with("event_id", "1").with("timestamp", R"("today")").with("payload", "[]")),
      "event_id: must be a string\nsource: is missing\ntimestamp: must be RFC 3339, such as "
      "2026-01-31T12:00:00Z\npayload: must be an object");
}

TEST(EnvelopeParsing, MessagesNeverRepeatValues) {
  const auto errors = errors_of(Envelope{}.with("event_id", R"("hunter2 hunter2")").with("source", R"("hunter2\n")"));
  EXPECT_NE(errors, "");
  EXPECT_EQ(errors.find("hunter2"), std::string::npos);
}

TEST(EnvelopeParsing, WhatIsNoJsonObjectIsRefused) {
  for (const char* text : {"", " ", "{", "[1", "nul", "{\"a\":1,}", "{'a':1}", "{}{}", "{} x", "\xef\xbb\xbf{}"})
    EXPECT_TRUE(errors_of(text).starts_with(": is not valid JSON")) << text << errors_of(text);
  for (const char* text : {"1", "[]", "null", "\"x\""}) EXPECT_EQ(errors_of(text), ": must be a JSON object");
}

TEST(EnvelopeParsing, HasThirtyTwoLevelsAndNoMore) {
  // The envelope and the payload are two of them.
  const auto nested = [](int arrays) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(arrays), '[') +
           std::string(static_cast<std::size_t>(arrays), ']') + "}";
  };
  EXPECT_EQ(errors_of(Envelope{}.with("payload", nested(30))), "");
  EXPECT_NE(errors_of(Envelope{}.with("payload", nested(31))), "");
  EXPECT_NE(errors_of(std::string(100'000, '[')), "") << "and does not exhaust the stack";
}

TEST(ContentHash, IsEqualHoweverTheEnvelopeIsWritten) {
  const auto base = parsed(Envelope{}.with("payload", R"({"a":1,"b":{"x":[1,2],"y":"é"}})")).content_hash;
  EXPECT_EQ(parsed(Envelope{}.with("payload", R"( { "b" : { "y":"\u00e9", "x":[ 1,2 ]}, "a":1 } )")).content_hash,
            base);
  const std::string reordered =
      R"({"timestamp":"2026-11-23T15:04:05.123Z","source":"edr","tenant_id":"acme","schema_version":"1.0",
          "payload":{"b":{"y":"é","x":[1,2]},"a":1},"event_type":"alert.created","event_id":"e-1"})";
  EXPECT_EQ(parsed(reordered).content_hash, base);
}

TEST(ContentHash, DiffersForOtherContent) {
  std::map<ContentHash, std::string> seen;
  const auto remember = [&](const Envelope& envelope) {
    const auto [at, fresh] = seen.try_emplace(parsed(envelope).content_hash, envelope.text());
    EXPECT_TRUE(fresh) << envelope.text() << " looks like " << at->second;
  };
  remember(Envelope{});
  remember(Envelope{}.with("event_id", R"("e-2")"));
  remember(Envelope{}.with("source", R"("xdr")"));
  remember(Envelope{}.with("correlation_id", R"("c")"));
  remember(Envelope{}.with("causation_id", R"("c")"));
  for (const char* payload : {"{}", R"({"a":"1"})", R"({"a":2})", R"({"a":[1]})", R"({"a":[[1]]})", R"({"a":[1,1]})",
                              R"({"a":null})", R"({"a":true})", R"({"a":{}})", R"({"a":{"1":1}})", R"({"b":1})",
                              R"({"a":1,"b":1})", R"({"a,":1})", R"({"a":"1,"})", R"({"a":-1})", R"({"a":1.5})"})
    remember(Envelope{}.with("payload", payload));
}

TEST(ContentHash, NumbersAreTheirExactValue) {
  const auto hash = [](const std::string& number) {
    return parsed(Envelope{}.with("payload", "{\"n\":" + number + "}")).content_hash;
  };
  EXPECT_EQ(hash("1E+2"), hash("100"));
  EXPECT_EQ(hash("-0.0"), hash("0"));
  EXPECT_NE(hash("123456789012345678901234567890"), hash("123456789012345678901234567891"));
  EXPECT_NE(hash("0.1"), hash("0.1000000000000000055511151231257827"));
}

TEST(Rfc3339, IsADateATimeAndAZone) {
  for (const char* good : {"2026-11-23T15:04:05Z", "2026-11-23t15:04:05z", "2026-11-23T15:04:05.1+01:00",
                           "2024-02-29T23:59:60.000000000-23:59", "0001-01-01T00:00:00Z"})
    EXPECT_TRUE(is_rfc3339(good)) << good;
  for (const char* bad :
       {"", "2026-11-23", "2026-11-23T15:04:05", "2026-11-23 15:04:05Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T15:60:05Z",
        "2026-11-23T15:04:61Z", "2026-11-23T15:04:05.Z", "2026-11-23T15:04:05+1:00", "2026-11-23T15:04:05+24:00",
        "2026-11-23T15:04:05+01:60", "2026-11-23T15:04:05ZZ", "2026-11-23T15:04:05Z ", " 2026-11-23T15:04:05Z",
        "26-11-23T15:04:05Z"})
    EXPECT_FALSE(is_rfc3339(bad)) << bad;
}

}  // namespace
}  // namespace opi::delivery
