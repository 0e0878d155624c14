#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <memory>

#include "contract/postgres_fixture.hpp"
#include "contract/shared_cluster.hpp"
#include "delivery/envelope.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_inbox.hpp"

namespace opi::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A producer's own session, without anything of ours.
class Psql {
 public:
  explicit Psql(const std::string& connection) : session_{PQconnectdb(connection.c_str()), &PQfinish} {}
  // The first column of the first row, or the error's SQLSTATE and text.
  std::string operator()(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(session_.get(), sql.c_str()), &PQclear};
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
    if (PQresultStatus(result.get()) == PGRES_TUPLES_OK)
      return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
    return std::string(PQresultErrorField(result.get(), PG_DIAG_SQLSTATE)) + " " +
           PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  }
  std::string publish(const std::string& envelope) {
    const std::unique_ptr<char, decltype(&PQfreemem)> literal{
        PQescapeLiteral(session_.get(), envelope.data(), envelope.size()), &PQfreemem};
    return (*this)("SELECT opi.publish(" + std::string(literal.get()) + ")");
  }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> session_;
};

class TransactionalEnqueue : public PostgresFixture {
 protected:
  TransactionalEnqueue() {
    database_.migrate();
    audit::Entry entry;
    entry.tenant = acme_;
    entry.action = audit::Action::tenant_created;
    postgres::PostgresCatalogStore{database_}.put_tenant({acme_, "Acme", {}}, entry);
  }
  static std::string envelope(const std::string& id, const std::string& replaced = "", const std::string& by = "") {
    std::string text = R"({"event_id":")" + id +
                       R"(","event_type":"alert.created","schema_version":"1.0","tenant_id":"acme","source":"edr",)"
                       R"("timestamp":"2026-11-23T15:04:05Z","correlation_id":"c-1","payload":{"alert_id":"a-1"}})";
    if (!replaced.empty()) {
      const auto place = text.find(replaced);
      if (place == std::string::npos) throw std::logic_error(replaced);
      text.replace(place, replaced.size(), by);
    }
    return text;
  }
  // What a drain hands over.
  std::vector<std::string> drained(const std::vector<std::string>& refusals = {}, int limit = 500) {
    std::vector<std::string> all;
    inbox_.drain(limit, [&](const std::vector<delivery::Inbox::Envelope>& envelopes) {
      for (const auto& one : envelopes) {
        all.push_back(one.text);
        producers_.push_back(one.producer);
      }
      auto answers = refusals;
      answers.resize(envelopes.size());
      return answers;
    });
    return all;
  }

  std::vector<std::string> producers_;  // of all that was drained
  const std::string connection_ = shared_cluster().create_database();
  postgres::PostgresDatabase database_{{.connection = connection_}};
  postgres::PostgresInbox inbox_{database_};
  Psql psql_{connection_};
};

TEST_F(TransactionalEnqueue, NobodyPublishesAlerts) {
  EXPECT_THAT(psql_.publish(envelope("e-1", "alert.created", "integration.alert.raised")),
              HasSubstr("event_type_is_kept_for_the_host"));
  EXPECT_EQ(psql_.publish(envelope("e-2", "alert.created", "integration.alerts.raised")), "accepted");
  EXPECT_THAT(drained(), SizeIs(1));
}

TEST_F(TransactionalEnqueue, AnEventComesWithItsTransactionOrNotAtAll) {
  psql_("BEGIN");
  EXPECT_EQ(psql_.publish(envelope("e-1")), "accepted");
  EXPECT_THAT(drained(), IsEmpty());
  psql_("ROLLBACK");
  EXPECT_THAT(drained(), IsEmpty());
  psql_("BEGIN");
  EXPECT_EQ(psql_.publish(envelope("e-1")), "accepted");
  EXPECT_EQ(psql_.publish(envelope("e-2")), "accepted");
  psql_("COMMIT");
  const auto envelopes = drained();
  ASSERT_THAT(envelopes, SizeIs(2));
  const auto parsed = delivery::parse_envelope(envelopes[0]);
  ASSERT_TRUE(std::holds_alternative<delivery::ParsedEvent>(parsed));
  EXPECT_EQ(std::get<delivery::ParsedEvent>(parsed).event.event_id.str(), "e-1");
  EXPECT_EQ(std::get<delivery::ParsedEvent>(parsed).event.alert_id, "a-1");
  EXPECT_THAT(drained(), IsEmpty());
}

TEST_F(TransactionalEnqueue, TheSameEventIsOneAndOtherContentAConflict) {
  EXPECT_EQ(psql_.publish(envelope("e-1")), "accepted");
  EXPECT_EQ(psql_.publish(envelope("e-1")), "duplicate");
  EXPECT_THAT(psql_.publish(envelope("e-1", "a-1", "a-2")), HasSubstr("23505 event_id: is known with other content"));
  EXPECT_THAT(psql_.publish(envelope("e-1", "c-1", "c-2")), HasSubstr("23505"));
  EXPECT_THAT(drained(), SizeIs(1));
}

TEST_F(TransactionalEnqueue, KnowsTheEventsThatCameByTheApi) {
  const auto text = envelope("e-1");
  auto parsed = std::get<delivery::ParsedEvent>(delivery::parse_envelope(text));
  postgres::PostgresDeliveryStore store{database_, clock_};
  const auto revision = postgres::PostgresCatalogStore{database_}.revision();
  const auto report = store.insert({{{parsed.event, parsed.content_hash, {}}}}, revision);
  ASSERT_THAT(report.results, ElementsAre(delivery::InsertResult::accepted));
  EXPECT_EQ(psql_.publish(text), "duplicate");
  EXPECT_THAT(psql_.publish(envelope("e-1", "edr", "ndr")), HasSubstr("23505"));
  EXPECT_THAT(drained(), IsEmpty());
  // And the other way round: the API's content hash of what SQL made of it.
  EXPECT_EQ(psql_.publish(envelope("e-2")), "accepted");
  const auto published = std::get<delivery::ParsedEvent>(delivery::parse_envelope(drained().at(0)));
  const auto direct = std::get<delivery::ParsedEvent>(delivery::parse_envelope(envelope("e-2")));
  EXPECT_EQ(published.content_hash, direct.content_hash);
}

// Both ways call the same content equal, and keep the digits of numbers that no double holds.
TEST_F(TransactionalEnqueue, NumbersAreTheirExactValueHereAndThere) {
  const auto with = [&](const std::string& number) { return envelope("e-1", R"("a-1")", R"("a-1","n":)" + number); };
  const auto hash = [&](const std::string& number) {
    return std::get<delivery::ParsedEvent>(delivery::parse_envelope(with(number))).content_hash;
  };
  const std::string written = "123456789012345678901234567890";
  EXPECT_EQ(psql_.publish(with(written)), "accepted");
  for (const auto& [number, same] :
       std::initializer_list<std::pair<const char*, bool>>{{"1234567890123456789012345678900e-1", true},
                                                           {"123456789012345678901234567890.00", true},
                                                           {"123456789012345678901234567891", false},
                                                           {"1.2345678901234568e29", false}}) {
    EXPECT_EQ(psql_.publish(with(number)) == "duplicate", same) << number;
    EXPECT_EQ(hash(number) == hash(written), same) << number;
  }
  const auto published = std::get<delivery::ParsedEvent>(delivery::parse_envelope(drained().at(0)));
  EXPECT_EQ(published.content_hash, hash(written));
  EXPECT_THAT(published.event.payload, HasSubstr(written));
}

TEST_F(TransactionalEnqueue, WhatTheDaemonRefusesStaysForAPerson) {
  psql_.publish(envelope("e-1"));
  psql_.publish(envelope("e-2"));
  EXPECT_THAT(drained({"", "payload: is odd"}), SizeIs(2));
  EXPECT_THAT(drained(), IsEmpty());
  EXPECT_EQ(psql_("SELECT event_id || ' ' || refused FROM integration_inbox"), "e-2 payload: is odd");
}

TEST_F(TransactionalEnqueue, NamesTheLoginThatPublished) {
  const auto login = psql_("SELECT session_user");
  psql_.publish(envelope("e-1"));
  EXPECT_THAT(drained(), SizeIs(1));
  EXPECT_THAT(producers_, ElementsAre("database:" + login));
}

TEST_F(TransactionalEnqueue, AFailureWhileTakingLeavesTheInboxAsItWas) {
  psql_.publish(envelope("e-1"));
  EXPECT_THROW(inbox_.drain(10, [](const auto&) -> std::vector<std::string> { throw StoreUnavailable("away"); }),
               StoreUnavailable);
  EXPECT_THAT(drained(), SizeIs(1));
}

TEST_F(TransactionalEnqueue, TwoDaemonsNeverTakeTheSame) {
  for (int i = 0; i < 6; ++i) psql_.publish(envelope("e-" + std::to_string(i)));
  postgres::PostgresDatabase other_database{{.connection = connection_}};
  postgres::PostgresInbox other{other_database};
  std::size_t theirs = 0;
  inbox_.drain(4, [&](const auto& mine) {
    EXPECT_THAT(mine, SizeIs(4));
    other.drain(4, [&](const auto& rest) {
      theirs = rest.size();
      return std::vector<std::string>(rest.size());
    });
    return std::vector<std::string>(mine.size());
  });
  EXPECT_EQ(theirs, 2u);
  EXPECT_THAT(drained(), IsEmpty());
}

// Both ways refuse the same, naming the same member.
TEST_F(TransactionalEnqueue, RefusesWhatTheApiRefuses) {
  std::string deep = "1";
  for (int i = 0; i < 31; ++i) deep = "[" + deep + "]";
  const std::pair<std::string, std::string> cases[]{
      {R"("event_id":"e",)", ""},
      {R"("event_id":"e")", R"("event_id":7)"},
      {R"("event_id":"e")", R"("event_id":"")"},
      {R"("event_id":"e")", R"("event_id":"a b")"},
      {R"("event_id":"e")", R"("event_id":")" + std::string(129, 'x') + "\""},
      {R"("tenant_id":"acme")", R"("tenant_id":"Acme")"},
      {R"("tenant_id":"acme")", R"("tenant_id":null)"},
      {R"("event_type":"alert.created")", R"("event_type":"alert..created")"},
      {R"("event_type":"alert.created")", R"("event_type":"Alert")"},
      {R"("schema_version":"1.0")", R"("schema_version":")" + std::string(33, '1') + "\""},
      {R"("source":"edr")", R"("source":"a\u0001b")"},
      {R"("source":"edr")", R"("source":"a\u0080b")"},
      {R"("source":"edr")", R"("source":"a\u009fb")"},
      {R"("source":"edr")", R"("source":"a\u202eb")"},
      {R"("source":"edr")", R"("source":"a\u061cb")"},
      {R"("source":"edr",)", ""},
      {R"("timestamp":"2026-11-23T15:04:05Z")", R"("timestamp":"2026-11-31T15:04:05Z")"},
      {R"("timestamp":"2026-11-23T15:04:05Z")", R"("timestamp":"2026-11-23 15:04:05Z")"},
      {R"("timestamp":"2026-11-23T15:04:05Z")", R"("timestamp":"2026-11-23T15:04:05")"},
      {R"("timestamp":"2026-11-23T15:04:05Z")", R"("timestamp":"2026-11-23T24:04:05Z")"},
      {R"("correlation_id":"c-1")", R"("correlation_id":")" + std::string(129, 'c') + "\""},
      {R"("correlation_id":"c-1")", R"("correlation_id":5)"},
      {R"("correlation_id":"c-1")", R"("corelation_id":"c-1")"},
      {R"("payload":{"alert_id":"a-1"})", R"("payload":[1])"},
      {R"(,"payload":{"alert_id":"a-1"})", ""},
      {R"("alert_id":"a-1")", R"("alert_id":1)"},
      {R"("alert_id":"a-1")", R"("ticket_id":")" + std::string(129, 't') + "\""},
      {R"({"alert_id":"a-1"})", R"({"a":")" + std::string(262'144, 'x') + R"("})"},
  };
  for (const auto& [from, to] : cases) {
    const auto text = envelope("e", from, to);
    const auto parsed = delivery::parse_envelope(text);
    const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&parsed);
    ASSERT_NE(errors, nullptr) << text.substr(0, 300);
    EXPECT_THAT(psql_.publish(text), HasSubstr("22023 " + errors->front().field)) << text.substr(0, 300);
  }
  EXPECT_THAT(psql_.publish(envelope("e", "acme", "globex")), HasSubstr("22023 tenant_id: there is no such tenant"));
  EXPECT_THAT(psql_.publish(envelope("e", "alert.created", "ticket.delivery.failed")), HasSubstr("22023 event_type"));
  EXPECT_THAT(psql_.publish(envelope("e", "\"a-1\"", deep)), HasSubstr("22023 payload"));
  EXPECT_THAT(psql_.publish("[]"), HasSubstr("22023 the envelope must be a JSON object"));
  EXPECT_THAT(drained(), IsEmpty());
}

TEST_F(TransactionalEnqueue, TakesWhatTheApiTakesAtTheLimits) {
  std::string deep = "1";
  for (int i = 0; i < 29; ++i) deep = "[" + deep + "]";
  const std::pair<std::string, std::string> cases[]{
      {R"("event_id":"e")", R"("event_id":")" + std::string(128, 'x') + "\""},
      {R"("event_id":"e")", R"("event_id":"f1")"},
      {R"("correlation_id":"c-1",)", ""},
      {R"("correlation_id":"c-1")", R"("correlation_id":null)"},
      {R"("timestamp":"2026-11-23T15:04:05Z")", R"("timestamp":"2024-02-29t23:59:60.123456789+14:00")"},
      {R"({"alert_id":"a-1"})", R"({"a":")" + std::string(262'144 - 9, 'x') + R"("})"},
      {R"("alert_id":"a-1")", R"("alert_id":)" + std::string("null,\"d\":[") + deep + "]"},
      {R"("source":"edr")", R"("source":"Zürich – 東京")"},
  };
  int n = 0;
  for (const auto& [from, to] : cases) {
    auto text = envelope("e", from, to);
    if (const auto id = text.find(R"("event_id":"e")"); id != std::string::npos)
      text.replace(id + 12, 1, "limit-" + std::to_string(n++));
    const auto parsed = delivery::parse_envelope(text);
    EXPECT_TRUE(std::holds_alternative<delivery::ParsedEvent>(parsed)) << text.substr(0, 300);
    EXPECT_EQ(psql_.publish(text), "accepted") << text.substr(0, 300);
  }
  for (const auto& text : drained())
    EXPECT_TRUE(std::holds_alternative<delivery::ParsedEvent>(delivery::parse_envelope(text))) << text.substr(0, 300);
}

}  // namespace
}  // namespace opi::test
