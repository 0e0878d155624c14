#include "api/audit_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit_export.hpp"
#include "sqlite/query.hpp"
#include "unit/api/api_fixture.hpp"

namespace opi::api {
namespace {

using testing::HasSubstr;

// Somebody with the database's own rights.
constexpr sqlite::Statement let_change{"let_change", "DROP TRIGGER audit_log_no_update"};
constexpr sqlite::Statement change_record{
    "change_record", "UPDATE audit_log SET actor_id = 'nobody' WHERE tenant_id = 'acme' AND sequence = ?"};
constexpr sqlite::Statement rename_action{
    "rename_action", "UPDATE audit_log SET action = 'token.vanished' WHERE tenant_id = 'acme' AND sequence = 1"};

class AuditTrail : public test::WithApi {
 protected:
  AuditTrail() {
    add_audit_routes(routes, audit_log, key, {key.public_key()}, clock);
    for (int i = 1; i <= 3; ++i) {
      auto entry = test::catalog_entry("acme", audit::Action::dead_letter_replayed, "delivery:" + std::to_string(i));
      entry.at = clock.unix_now();
      entry.correlation_id = "c-" + std::to_string(i % 2);
      entry.details = R"({"n":)" + std::to_string(i) + "}";
      audit_log.append({entry});
    }
  }
  std::string targets(std::map<std::string, std::string> parameters, Role role = Role::auditor) {
    const auto response = get("/api/v1/audit", std::move(parameters), role);
    EXPECT_EQ(response.status, 200) << response.body;
    std::string all;
    const auto body = json(response);
    for (const auto& row : body.at("records").as_array()) all += text(row.at("target")) + " ";
    return all;
  }
  const crypto::Ed25519Key key = crypto::Ed25519Key::generate();
};

TEST_F(AuditTrail, IsListedNewestFirstAndFiltered) {
  EXPECT_EQ(targets({{"action", "dead_letter.replayed"}}), "delivery:3 delivery:2 delivery:1 ");
  EXPECT_EQ(targets({{"target", "delivery:2"}}), "delivery:2 ");
  EXPECT_EQ(targets({{"correlation_id", "c-1"}}), "delivery:3 delivery:1 ");
  EXPECT_EQ(targets({{"actor_id", "nobody"}}), "");
  EXPECT_EQ(targets({{"action", "dead_letter.replayed"}, {"limit", "1"}}), "delivery:3 ");
  const auto page = json(get("/api/v1/audit", {{"action", "dead_letter.replayed"}, {"limit", "2"}}));
  EXPECT_EQ(targets({{"action", "dead_letter.replayed"}, {"cursor", text(page.at("next_cursor"))}}), "delivery:1 ");
}

TEST_F(AuditTrail, ShowsARecordWithItsPlaceInTheChain) {
  const auto newest = json(get("/api/v1/audit", {{"target", "delivery:3"}})).at("records").as_array()[0].as_object();
  EXPECT_EQ(newest.at("details").at("n").as_int64(), 3);
  EXPECT_EQ(text(newest.at("actor").at("kind")), "system");
  const auto path = "/api/v1/audit/" + std::to_string(newest.at("sequence").as_int64());
  EXPECT_EQ(json(get(path)).at("hash"), newest.at("hash"));
  for (const char* missing : {"/api/v1/audit/0", "/api/v1/audit/99999", "/api/v1/audit/x"})
    EXPECT_EQ(get(missing).status, 404) << missing;
}

TEST_F(AuditTrail, RefusesWhatIsNoFilterByName) {
  const auto response =
      get("/api/v1/audit", {{"action", "x"}, {"from", "yesterday"}, {"limit", "201"}, {"cursor", "-1"}});
  EXPECT_EQ(response.status, 400);
  const auto named = errors(response);
  for (const char* field : {"action: ", "from: ", "limit: ", "cursor: "}) EXPECT_THAT(named, HasSubstr(field));
  EXPECT_EQ(get("/api/v1/audit", {{"sequence", "1"}}).status, 400);
  EXPECT_EQ(get("/api/v1/audit/chain", {{"last", "10001"}}).status, 400);
  EXPECT_EQ(get("/api/v1/audit/export", {{"after", "77777"}}).status, 400);
}

TEST_F(AuditTrail, TellsWhetherTheChainHolds) {
  const auto state = json(get("/api/v1/audit/chain"));
  EXPECT_TRUE(state.at("holds").as_bool());
  EXPECT_EQ(state.at("records"), state.at("checked"));
  EXPECT_EQ(state.at("signed_sequence").as_int64(), 0);
  EXPECT_EQ(json(get("/api/v1/audit/chain", {{"last", "1"}})).at("checked").as_int64(), 1);
}

TEST_F(AuditTrail, AnExportCanBeCheckedOfflineAndIsItselfOnRecord) {
  const auto response = get("/api/v1/audit/export", {}, Role::auditor);
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/x-ndjson");
  audit::ExportVerifier verifier(key.public_key());
  for (std::size_t start = 0; start < response.body.size();) {
    const auto end = response.body.find('\n', start);
    ASSERT_EQ(verifier.line(std::string_view(response.body).substr(start, end - start)), std::nullopt);
    start = end + 1;
  }
  EXPECT_EQ(verifier.end(), std::nullopt);
  const auto newest = json(get("/api/v1/audit", {{"action", "audit.exported"}})).at("records").as_array();
  ASSERT_EQ(newest.size(), 1u);
  EXPECT_EQ(newest[0].at("details").at("records").as_int64(), verifier.records());
  EXPECT_EQ(text(newest[0].at("actor").at("role")), "auditor");
  const auto rest = get("/api/v1/audit/export", {{"after", "2"}, {"limit", "1"}});
  EXPECT_EQ(std::ranges::count(rest.body, '\n'), 4);
}

TEST_F(AuditTrail, TellsUpToWhereACheckpointVouchesForIt) {
  const auto acme = *TenantId::parse("acme");
  const auto head = audit_log.head(acme);
  audit_log.append({audit::checkpoint_entry(acme, head, key, clock.unix_now())});
  const auto state = json(get("/api/v1/audit/chain"));
  EXPECT_TRUE(state.at("holds").as_bool());
  EXPECT_EQ(state.at("signed_sequence").as_int64(), head.sequence);
  audit_log.append({audit::checkpoint_entry(acme, head, crypto::Ed25519Key::generate(), clock.unix_now())});
  EXPECT_THAT(text(json(get("/api/v1/audit/chain")).at("fault")), HasSubstr("a key that is not trusted"));
  const auto refused = get("/api/v1/audit/export");
  EXPECT_EQ(refused.status, 409) << "what does not hold is not signed again";
  EXPECT_THAT(refused.body, HasSubstr("urn:oneprotect:problem:chain-broken"));
  EXPECT_TRUE(json(get("/api/v1/audit", {{"action", "audit.exported"}})).at("records").as_array().empty());
}

TEST_F(AuditTrail, IsNotExportedFromBehindABreak) {
  const auto acme = *TenantId::parse("acme");
  const auto head = audit_log.head(acme).sequence;
  const auto end = std::map<std::string, std::string>{{"after", std::to_string(head - 1)}};
  EXPECT_EQ(get("/api/v1/audit/export", end).status, 200);
  const auto change = [&](std::int64_t sequence) {
    sqlite::Query{*database.writer(), change_record}.integer(sequence).run();
  };
  sqlite::Query{*database.writer(), let_change}.run();
  change(2);
  const auto refused = get("/api/v1/audit/export", end);
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("record 2 was changed"));
  // What a checkpoint vouches for is not read again, but for the first record.
  const auto last = audit_log.head(acme);
  audit_log.append({audit::checkpoint_entry(acme, last, key, clock.unix_now())});
  const auto behind = std::map<std::string, std::string>{{"after", std::to_string(last.sequence + 1)}};
  EXPECT_EQ(get("/api/v1/audit/export", behind).status, 200);
  change(1);
  EXPECT_THAT(get("/api/v1/audit/export", behind).body, HasSubstr("record 1 was changed"));
}

TEST_F(AuditTrail, ShowsARecordWhoseActionNobodyKnows) {
  sqlite::Query{*database.writer(), let_change}.run();
  sqlite::Query{*database.writer(), rename_action}.run();
  const auto rows = json(get("/api/v1/audit")).at("records").as_array();
  EXPECT_EQ(text(rows.back().at("action")), "unknown");
  const auto state = json(get("/api/v1/audit/chain"));
  EXPECT_EQ(text(state.at("fault")), "record 1 has an action or an actor that this version does not know");
  EXPECT_EQ(get("/api/v1/audit", {{"action", "unknown"}}).status, 400);
}

TEST_F(AuditTrail, IsNotForProducersAndEndsAtTheTenant) {
  EXPECT_EQ(get("/api/v1/audit", {}, Role::producer).status, 403);
  const auto theirs = json(get("/api/v1/audit", {{"target", "delivery:2"}}, Role::auditor, "globex"));
  EXPECT_TRUE(theirs.at("records").as_array().empty());
}

}  // namespace
}  // namespace opi::api
