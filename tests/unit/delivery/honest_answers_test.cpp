#include <gmock/gmock.h>

#include "delivery/withholding.hpp"
#include "unit/delivery/engine_fixture.hpp"

// What receivers answer that repeat no secret: it comes through the whole way of an attempt as it was.
namespace opi::delivery {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Honest {
  const char* name;
  const char* endpoint;
  int status;
  std::vector<Header> headers;
  const char* body;
  const char* ref;  // what an adapter takes out of it
  const char* url;
};

const std::vector<Honest>& honest_answers() {
  static const std::vector<Honest> all{
      {"a ticket system with its own path in every link",
       "https://desk.example/api/v1/tickets?type=incident&format=status",
       201,
       {{"location", "https://desk.example/api/v1/tickets/1"}, {"content-type", "application/json"}},
       R"({"id":1,"type":"incident","format":"status","url":"https://desk.example/api/v1/tickets/1"})",
       "1",
       "https://desk.example/api/v1/tickets/1"},
      {"an account's id in the path",
       "https://api.example/ex/jira/11111111-2222-3333-4444-555555555555/rest/api/3/issue",
       201,
       {{"x-arequestid", "3f0c7e9a-62d1-4f0b-9f1c-0a1b2c3d4e5f"}},
       R"({"id":"10000","key":"SEC-24","self":"https://api.example/ex/jira/11111111-2222-3333-4444-555555555555/rest/api/3/issue/10000"})",
       "10000",
       "https://api.example/ex/jira/11111111-2222-3333-4444-555555555555/browse/SEC-24"},
      {"a table of a service desk, of which every record has an id that looks random",
       "https://desk.example/api/now/table/incident?sysparm_display_value=all&sysparm_fields=sys_id,number",
       201,
       {},
       R"({"result":{"sys_id":"9d385017c611228701d22104cc95c371","number":"INC0010023","sysparm_display_value":"all"}})",
       "9d385017c611228701d22104cc95c371",
       "https://desk.example/nav_to.do?uri=incident.do?sys_id=9d385017c611228701d22104cc95c371"},
      {"a project by its path and a year",
       "https://git.example/api/v4/projects/security%2Falerts-2026/issues?labels=security-alerts&per_page=100",
       201,
       {{"ratelimit-remaining", "599"}},
       R"({"iid":14,"labels":["security-alerts"],"web_url":"https://git.example/security/alerts-2026/-/issues/14"})",
       "14",
       "https://git.example/security/alerts-2026/-/issues/14"},
      {"a chat's message",
       "https://chat.example/api/chat.postMessage",
       200,
       {{"x-oauth-scopes", "chat:write"}},
       R"({"ok":true,"channel":"C0AB12CD34E","ts":"1699999999.000100","message":{"type":"message","text":"v1"}})",
       "1699999999.000100",
       ""},
      {"long names that people have chosen",
       "https://h.example/incident-management-service/service-request-attachments/v2/customer-notifications",
       200,
       {},
       R"({"service":"incident-management-service","kind":"service-request-attachments","to":"customer-notifications"})",
       "customer-notifications-1",
       "https://h.example/incident-management-service/customer-notifications/1"},
      {"a date as a version, and an operation by its words",
       "https://flow.example/workflows/run?api-version=2026-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0",
       202,
       {},
       R"({"api-version":"2026-06-01","status":"accepted","trigger":"/triggers/manual/run","v":"1.0"})",
       "08586",
       ""},
      {"a channel by its number",
       "https://chat.example/api/channels/123456789012345678/messages",
       200,
       {},
       R"({"id":"123456789012345999","channel_id":"123456789012345678","footprint":"small","hotpatch":7})",
       "123456789012345999",
       "https://chat.example/channels/123456789012345678/123456789012345999"},
  };
  return all;
}

class HonestAnswers : public test::WithEngine {
 protected:
  void go_to(const char* endpoint) {
    auto d = test::destination(1);
    d.endpoint = endpoint;
    d.order = DeliveryOrder::subject;  // so that later steps and deliveries are told the reference
    put(d);
    engine().catalog.refresh();
  }
};

TEST_F(HonestAnswers, PassUnchanged) {
  int number = 0;
  for (const auto& answer : honest_answers()) {
    SCOPED_TRACE(answer.name);
    HttpResponse seen;
    registry.adapter->see = [&](const HttpResponse& response) { seen = response; };
    registry.adapter->change_outcome = [&](Outcome& outcome) {
      outcome.external_ref = answer.ref;
      outcome.external_url = answer.url;
      outcome.verdict = Verdict::proceed;
      outcome.carry = answer.body;
    };
    go_to(answer.endpoint);
    publish_and_dispatch("e-" + std::to_string(++number));
    ASSERT_EQ(transport.under_way.size(), 1u);
    transport.answer(answer.status, answer.body, answer.headers);
    engine().settler.run_once();
    EXPECT_EQ(seen.body, answer.body);
    EXPECT_EQ(seen.headers, answer.headers);

    registry.adapter->change_outcome = {};
    dispatch();
    ASSERT_EQ(transport.under_way.size(), 1u) << "the next step";
    const auto& sent = transport.under_way[0].request.headers;
    EXPECT_THAT(sent, Contains(Header{"x-carry", answer.body}));
    EXPECT_THAT(sent, Contains(Header{"x-prior", answer.ref}));
    if (*answer.url != '\0') {
      EXPECT_THAT(sent, Contains(Header{"x-prior-url", answer.url}));
    }
    transport.answer(200);
    engine().settler.run_once();
    for (const auto& one : deliveries()) {
      if (one.event_id.str() != "e-" + std::to_string(number)) continue;
      EXPECT_EQ(attempts_of(one).front().response_summary, answer.body);
    }
  }
  EXPECT_THAT(engine().logger.text(), Not(HasSubstr("delivery.secret_withheld")));
}

TEST_F(HonestAnswers, AnErrorIsToldAsItWas) {
  go_to("https://desk.example/api/v1/tickets?type=incident");
  registry.adapter->change_outcome = [](Outcome& outcome) {
    outcome.detail = "no field 'type' of an incident at /api/v1/tickets, v1: see https://desk.example/api/v1/help";
  };
  publish_and_dispatch();
  transport.answer(400, "incident: bad request");
  engine().settler.run_once();
  EXPECT_EQ(last_attempt().error_summary,
            "no field 'type' of an incident at /api/v1/tickets, v1: see https://desk.example/api/v1/help");
  EXPECT_EQ(last_attempt().response_summary, "incident: bad request");
}

// And those that do.
class Echoes : public HonestAnswers {};

TEST_F(Echoes, AreReadByTheAdapterAndByNobodyElse) {
  HttpResponse seen;
  registry.adapter->see = [&](const HttpResponse& response) { seen = response; };
  registry.adapter->change_outcome = [](Outcome& outcome) {
    outcome.verdict = Verdict::proceed;
    outcome.detail = "refused s3cr3t-value";
    outcome.external_ref = "id-s3cr3t-value";
    outcome.external_url = "https://h1.example/s3cr3t-value";
  };
  go_to("https://h1.example/in");
  publish_and_dispatch();
  transport.answer(201, R"({"id":7,"you_sent":"s3cr3t-value"})", {{"x-s3cr3t-value", "s3cr3t-value"}});
  engine().settler.run_once();
  EXPECT_EQ(seen.body, R"({"id":7,"you_sent":"s3cr3t-value"})");
  EXPECT_THAT(seen.headers, ElementsAre(Header{"x-s3cr3t-value", "s3cr3t-value"}));
  EXPECT_EQ(last_attempt().response_summary, R"({"id":7,"you_sent":"[redacted]"})");
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u) << "the next step";
  for (const auto& header : transport.under_way[0].request.headers)
    EXPECT_THAT(header.name, Not(HasSubstr("x-prior"))) << header.value;
  EXPECT_THAT(engine().logger.text(), HasSubstr("from=external_ref"));
  EXPECT_THAT(engine().logger.text(), HasSubstr("from=external_url"));
  EXPECT_THAT(engine().logger.text(), Not(HasSubstr("s3cr3t")));
}

// An adapter that cuts what it does not know to be a secret.
TEST_F(Echoes, AreNotToldInPiecesEither) {
  registry.adapter->change_outcome = [](Outcome& outcome) { outcome.detail = "it said: you sent s3cr3t-v…"; };
  publish_and_dispatch();
  transport.answer(400, "you sent s3cr3t-value");
  engine().settler.run_once();
  EXPECT_EQ(last_attempt().error_summary, "it said: you sent [redacted]…");
}

TEST_F(Echoes, InACarryLeaveItTheJsonThatItWas) {
  engine().provider->value = "1234567890";
  registry.adapter->change_outcome = [](Outcome& outcome) {
    outcome.verdict = Verdict::proceed;
    outcome.carry =
        R"({"step":"update","ref":1234567890,"note":"with 1234567890, \"really\"","n":[17,{"1234567890":1}]})";
  };
  publish_and_dispatch();
  transport.answer(200);
  engine().settler.run_once();
  registry.adapter->change_outcome = {};
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_THAT(
      transport.under_way[0].request.headers,
      Contains(Header{
          "x-carry",
          R"({"step":"update","ref":"[redacted]","note":"with [redacted], \"really\"","n":[17,{"[redacted]":1}]})"}));
}

TEST(WithholdSecrets, OfACarryThatIsNoJsonTheTextIsBlankedOut) {
  auto secrets = std::make_shared<secrets::SecretSet>();
  secrets->purposes.push_back({"signing", {{std::make_shared<const secrets::Secret>("s3cr3t-value"), "1"}}, {}});
  Outcome outcome;
  outcome.carry = "found=s3cr3t-value;7";
  EXPECT_THAT(withhold_secrets(outcome, {}, {secrets, {}}), ElementsAre("carry"));
  EXPECT_EQ(outcome.carry, "found=[redacted];7");
  outcome.carry = R"({"n":1.10,"ref":"7"})";
  EXPECT_THAT(withhold_secrets(outcome, {}, {secrets, {}}), IsEmpty());
  EXPECT_EQ(outcome.carry, R"({"n":1.10,"ref":"7"})") << "the bytes, where nothing was to be blanked out";
}

}  // namespace
}  // namespace opi::delivery
