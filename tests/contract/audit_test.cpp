#include "audit/hash_chain.hpp"
#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

TEST_P(StoreContract, AnEntryComesBackAsItWasGiven) {
  auto given = entry(acme);
  given.at = UnixTime{1'790'000'000'987ms};
  engine->audit().append({given});
  const auto records = engine->audit().read(acme, 0, 10);
  ASSERT_THAT(records, SizeIs(1));
  const auto& stored = records[0].entry;
  EXPECT_EQ(stored.tenant, given.tenant);
  EXPECT_EQ(stored.at, given.at);
  EXPECT_EQ(stored.actor_kind, given.actor_kind);
  EXPECT_EQ(stored.actor_id, given.actor_id);
  EXPECT_EQ(stored.actor_role, given.actor_role);
  EXPECT_EQ(stored.action, given.action);
  EXPECT_EQ(stored.target, given.target);
  EXPECT_EQ(stored.correlation_id, given.correlation_id);
  EXPECT_EQ(stored.details, given.details);
}

TEST_P(StoreContract, EachTenantsRecordsFormOneUnbrokenChain) {
  engine->audit().append({entry(acme), entry(globex), entry(acme)});
  const auto destination = new_destination();
  given_pending(destination, 3);
  std::vector<delivery::Settlement> batch;
  for (auto& one : claim(destination)) batch.push_back(success(std::move(one)));
  engine->store().settle(batch);
  engine->catalog().put_tenant({acme, "Acme", {}}, entry(acme));
  engine->audit().append({entry(TenantId{}, audit::Action::plugin_loaded)});
  for (const auto& [tenant, size] : {std::pair{acme, 6U}, {globex, 1U}, {TenantId{}, 1U}}) {
    const auto records = engine->audit().read(tenant, 0, 100);
    EXPECT_THAT(records, SizeIs(size));
    EXPECT_EQ(audit::first_fault(audit::genesis(tenant), records), std::nullopt);
  }
}

TEST_P(StoreContract, TheChainIsReadInPages) {
  for (int i = 0; i < 5; ++i) engine->audit().append({entry(acme)});
  const auto first = engine->audit().read(acme, 0, 3);
  ASSERT_THAT(first, SizeIs(3));
  const auto rest = engine->audit().read(acme, first.back().link.sequence, 3);
  EXPECT_THAT(rest, SizeIs(2));
  EXPECT_EQ(audit::first_fault(first.back().link, rest), std::nullopt);
  EXPECT_THAT(engine->audit().read(acme, 5, 3), IsEmpty());
  EXPECT_THROW(engine->audit().read(acme, 0, 0), std::invalid_argument);
}

TEST_P(StoreContract, TheAuditLogRefusesChangeAndDeletion) {
  engine->audit().append({entry(acme)});
  EXPECT_THROW(engine->execute("UPDATE audit_log SET actor_id = 'nobody'"), std::runtime_error);
  EXPECT_THROW(engine->execute("DELETE FROM audit_log"), std::runtime_error);
  EXPECT_THAT(engine->audit().read(acme, 0, 10), SizeIs(1));
}

TEST_P(StoreContract, AuditRecordsAreListedNewestFirstByWhatIsAsked) {
  std::vector<audit::Entry> entries;
  for (int i = 0; i < 6; ++i) {
    auto one = entry(acme, i % 2 == 0 ? audit::Action::token_issued : audit::Action::token_revoked);
    one.actor_id = i < 3 ? "opi_a" : "opi_b";
    one.target = "token:" + std::to_string(i / 2);
    one.correlation_id = i == 5 ? "" : "c" + std::to_string(i % 3);
    one.at = UnixTime{1'790'000'000'000ms + std::chrono::milliseconds{i}};
    entries.push_back(one);
  }
  engine->audit().append(entries);
  engine->audit().append({entry(globex)});
  const auto sequences = [&](const audit::AuditFilter& filter) {
    std::string all;
    for (const auto& record : engine->audit().list(acme, filter)) all += std::to_string(record.link.sequence) + " ";
    return all;
  };
  EXPECT_EQ(sequences({}), "6 5 4 3 2 1 ");
  EXPECT_EQ(sequences({.limit = 2}), "6 5 ");
  EXPECT_EQ(sequences({.before = 3}), "2 1 ");
  EXPECT_EQ(sequences({.action = audit::Action::token_issued}), "5 3 1 ");
  EXPECT_EQ(sequences({.actor_id = "opi_a"}), "3 2 1 ");
  EXPECT_EQ(sequences({.target = "token:1"}), "4 3 ");
  EXPECT_EQ(sequences({.target = "token:1", .correlation_id = "c0"}), "4 ");
  EXPECT_EQ(sequences({.correlation_id = "c1"}), "5 2 ");
  EXPECT_EQ(sequences({.before = 5, .action = audit::Action::token_revoked, .correlation_id = "c1"}), "2 ");
  EXPECT_EQ(sequences({.from = entries[1].at, .to = entries[3].at}), "3 2 ");
  EXPECT_EQ(sequences({.correlation_id = ""}), "");
  EXPECT_THROW(engine->audit().list(acme, {.limit = 201}), std::invalid_argument);
  EXPECT_EQ(engine->audit().head(acme).hash, engine->audit().list(acme, {}).front().link.hash);
  EXPECT_EQ(engine->audit().head(acme).sequence, 6);
  EXPECT_EQ(engine->audit().head(TenantId{}).hash, audit::genesis(TenantId{}).hash);
}

// By what the details name, which the database takes from them: so whatever version appends.
TEST_P(StoreContract, AuditRecordsAreFoundByWhatTheyAreAbout) {
  const auto about = [&](const char* details) {
    auto one = entry(acme);
    one.details = details;
    return one;
  };
  engine->audit().append({about(R"({"event_id":"e1","alert_id":"a1","evidence_id":"v1","ticket_id":"t1"})"),
                          about(R"({"event_id":"e2","alert_id":"a1","attempts":3})"), about(""),
                          about(R"({"event_id":7,"alert_id":null,"ticket_id":"","nested":{"event_id":"e1"}})")});
  auto theirs = about(R"({"event_id":"e1"})");
  theirs.tenant = globex;
  engine->audit().append({theirs});
  const auto sequences = [&](audit::AuditFilter filter, const char* reference) {
    filter.reference = reference;
    std::string all;
    for (const auto& record : engine->audit().list(acme, filter)) all += std::to_string(record.link.sequence) + " ";
    return all;
  };
  EXPECT_EQ(sequences({}, "event:e1"), "1 ");
  EXPECT_EQ(sequences({}, "event:e2"), "2 ");
  EXPECT_EQ(sequences({}, "alert:a1"), "2 1 ");
  EXPECT_EQ(sequences({}, "evidence:v1"), "1 ");
  EXPECT_EQ(sequences({}, "ticket:t1"), "1 ");
  EXPECT_EQ(sequences({}, "ticket:a1"), "");
  EXPECT_EQ(sequences({.limit = 1}, "alert:a1"), "2 ");
  EXPECT_EQ(sequences({.before = 2}, "alert:a1"), "1 ");
  EXPECT_EQ(sequences({.action = audit::Action::token_issued}, "alert:a1"), "");
  EXPECT_EQ(sequences({.actor_id = "opi_abc", .target = "tenant:acme", .correlation_id = "corr"}, "alert:a1"), "2 1 ");
  EXPECT_EQ(sequences({.target = "tenant:globex"}, "alert:a1"), "");
  EXPECT_EQ(engine->audit().list(globex, {.reference = "event:e1"}).size(), 1u);
}

TEST_P(StoreContract, AnAppendOfNothingDoesNothing) {
  engine->audit().append({});
  EXPECT_EQ(rows("audit_log"), 0);
}

}  // namespace
}  // namespace opi::test
