#include <gmock/gmock.h>

#include <opi/kit/summary.hpp>

namespace opi::kit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class Summaries : public ::testing::Test {
 protected:
  Summary of(std::string_view type, std::string_view payload) {
    raw_.event_id = sdk::raw("evt-1");
    raw_.event_type = sdk::raw(type);
    raw_.payload = sdk::raw(payload);
    return summarise(sdk::Delivery(raw_));
  }
  opi_delivery raw_{};
};

TEST_F(Summaries, TellWhatAnAlertSays) {
  const auto alert =
      of("alert.created", R"({"alert_id":"A-1","alert":{"title":"Line\none","severity":"high","status":"open",
      "technique":{"id":"T1"}},"hosts":["a","b"],"link":"https://x.example/a","empty":null})");
  EXPECT_EQ(alert.subject, Subject::alert);
  EXPECT_EQ(alert.action, "created");
  EXPECT_EQ(alert.id, "A-1");
  EXPECT_EQ(alert.title, "Line one");
  EXPECT_EQ(alert.severity, "high");
  EXPECT_EQ(alert.status, "open");
  EXPECT_EQ(alert.link, "https://x.example/a");
  EXPECT_THAT(alert.facts, ElementsAre(Pair("alert.technique.id", "T1"), Pair("hosts.0", "a"), Pair("hosts.1", "b")));
}

TEST_F(Summaries, TakeTheTextOfEachKind) {
  EXPECT_EQ(of("ticket.created", R"({"ticket":{"body":"two\nlines"}})").text, "two\nlines");
  EXPECT_EQ(of("alert.updated", R"({"change":{"reason":"why"}})").text, "why");
  EXPECT_EQ(of("alert.escalated", R"({"escalation":{"reason":"worse"}})").text, "worse");
  const auto comment = of("ticket.commented", R"({"comment":{"author":"Mareike Groß","text":"done"}})");
  EXPECT_EQ(comment.author, "Mareike Groß");
  EXPECT_EQ(comment.text, "done");
  EXPECT_FALSE(comment.internal);
  EXPECT_TRUE(of("ticket.commented", R"({"comment":{"visibility":"internal"}})").internal);
}

TEST_F(Summaries, HaveATitleForWhatTheyDoNotKnow) {
  EXPECT_EQ(of("evidence.sealed", R"({"evidence_id":"E-1","alert_id":"A-1"})").title, "Evidence E-1 sealed");
  const auto unknown = of("scan.finished", R"({"hosts":3})");
  EXPECT_EQ(unknown.subject, Subject::other);
  EXPECT_EQ(unknown.title, "scan.finished");
  EXPECT_FALSE(unknown.has_title);
  EXPECT_EQ(unknown.id, "evt-1");
}

TEST_F(Summaries, RefuseLinksThatAreNone) { EXPECT_EQ(of("alert.created", R"({"link":"javascript:alert"})").link, ""); }

TEST_F(Summaries, HaveLimitsAtTheirEdges) {
  const auto payload = [](std::size_t members) {
    std::string out = "{";
    for (std::size_t i = 0; i < members; ++i) out += (i ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
    return out + "}";
  };
  EXPECT_EQ(of("x.y", payload(Summary::max_facts)).facts.back().first, "m59");
  const auto over = of("x.y", payload(Summary::max_facts + 5));
  EXPECT_EQ(over.facts.size(), Summary::max_facts + 1);
  EXPECT_EQ(over.facts.back().second, "more than 60 values; the rest is left out");
  const auto title = [&](std::size_t n) { return of("x.y", "{\"title\":\"" + std::string(n, 'a') + "\"}").title; };
  EXPECT_EQ(title(Summary::max_title), std::string(Summary::max_title, 'a'));
  EXPECT_THAT(title(Summary::max_title + 1), HasSubstr("of 501 characters)"));
  EXPECT_EQ(length(title(Summary::max_title + 1), Unit::characters), Summary::max_title);
}

TEST_F(Summaries, ReadPayloadsThatAreNoObjectsOrDeep) {
  EXPECT_EQ(of("x.y", "[1]").title, "x.y");
  EXPECT_EQ(of("x.y", "").title, "x.y");
  EXPECT_EQ(of("x.y", R"({"a":{"b":{"c":{"d":{"e":{"f":1}}}}}})").facts.size(), 1U);
  EXPECT_EQ(of("x.y", R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}})").facts.size(), 0U) << "deeper than six";
}

TEST_F(Summaries, BecomePlainText) {
  const auto alert = of("alert.updated", R"({"alert":{"severity":"high"},"change":{"reason":"why"},"n":1})");
  EXPECT_EQ(plain_text(sdk::Delivery(raw_), alert), "alert.updated · high\n\nwhy\n\nn: 1\n\nevent_id: evt-1");
}

}  // namespace
}  // namespace opi::kit
