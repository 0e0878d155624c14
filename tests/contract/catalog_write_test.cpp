#include <thread>

#include "contract/store_contract.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using delivery::Expectation;
using delivery::WriteResult;
using namespace std::chrono_literals;

// Changes of the catalog that depend on what is stored.
class CatalogWrite : public StoreContract {
 protected:
  CatalogWrite() {
    catalog().put_tenant({acme, "Acme", {}}, entry(acme));
    catalog().put_tenant({globex, "Globex", {}}, entry(globex));
  }
  delivery::CatalogStore& catalog() { return engine->catalog(); }
  Destination fresh() {
    Destination one;
    one.tenant_id = acme;
    one.id = new_destination();
    one.name = "SIEM";
    one.adapter = "webhook";
    one.endpoint = "https://example.test/hook";
    one.subscriptions = {"alert.*"};
    one.config = "{}";
    return one;
  }
  Destination given() {
    const auto one = fresh();
    EXPECT_EQ(write(one, Expectation::absent()), WriteResult::stored);
    return stored(one.id);
  }
  Destination stored(const DestinationId& id) { return *catalog().load().destinations.at(id); }
  WriteResult write(const Destination& one, const Expectation& expected) {
    return catalog().write_destination(one, expected, entry(one.tenant_id, audit::Action::destination_changed));
  }
  WriteResult remove(const TenantId& tenant, const DestinationId& id,
                     const Expectation& expected = Expectation::present()) {
    return catalog().delete_destination(tenant, id, expected, entry(tenant, audit::Action::destination_deleted));
  }
  // What no refused write may move.
  std::pair<std::int64_t, int> traces() { return {catalog().revision(), rows("audit_log")}; }
};

TEST_P(CatalogWrite, OfADestinationHappensOnlyAtTheExpectedRevision) {
  auto one = given();
  const auto old = one.revision;
  one.name = "renamed";
  EXPECT_EQ(write(one, Expectation::revision(old)), WriteResult::stored);
  const auto after = traces();
  one.name = "renamed again";
  EXPECT_EQ(write(one, Expectation::revision(old)), WriteResult::stale);
  EXPECT_EQ(write(one, Expectation::revision(old + 1000)), WriteResult::stale);
  EXPECT_EQ(traces(), after);
  EXPECT_EQ(stored(one.id).name, "renamed");
  EXPECT_EQ(stored(one.id).revision, catalog().revision());
  EXPECT_EQ(write(one, Expectation::revision(stored(one.id).revision)), WriteResult::stored);
}

TEST_P(CatalogWrite, SaysWhatIsInItsWay) {
  const auto one = given();
  const auto before = traces();
  EXPECT_EQ(write(one, Expectation::absent()), WriteResult::exists);
  EXPECT_EQ(write(one, Expectation::present()), WriteResult::unchanged);
  EXPECT_EQ(write(one, Expectation::revision(one.revision)), WriteResult::unchanged);
  EXPECT_EQ(write(one, Expectation::revision(one.revision - 1)), WriteResult::stale) << "even if it changed nothing";
  EXPECT_EQ(write(fresh(), Expectation::present()), WriteResult::missing);
  EXPECT_EQ(write(fresh(), Expectation::revision(1)), WriteResult::missing);
  auto stolen = one;
  stolen.tenant_id = globex;
  EXPECT_EQ(write(stolen, Expectation::present()), WriteResult::missing) << "another tenant's does not exist";
  EXPECT_EQ(write(stolen, Expectation::revision(one.revision)), WriteResult::missing);
  EXPECT_EQ(traces(), before);
}

TEST_P(CatalogWrite, OfATenantHasARevisionOfItsOwn) {
  const auto write_tenant = [&](const Tenant& tenant, const Expectation& expected) {
    return catalog().write_tenant(tenant, expected, entry(tenant.id, audit::Action::policy_changed));
  };
  Tenant tenant = catalog().load().tenants.at(acme);
  const auto old = tenant.revision;
  given();
  EXPECT_EQ(catalog().load().tenants.at(acme).revision, old) << "destinations are other things";
  tenant.policy.max_attempts = 3;
  EXPECT_EQ(write_tenant(tenant, Expectation::revision(old)), WriteResult::stored);
  EXPECT_GT(catalog().load().tenants.at(acme).revision, old);
  tenant.name = "Acme 2";
  EXPECT_EQ(write_tenant(tenant, Expectation::revision(old)), WriteResult::stale);
  EXPECT_EQ(write_tenant(tenant, Expectation::absent()), WriteResult::exists);
  tenant.id = TenantId::parse("initech").value();
  EXPECT_EQ(write_tenant(tenant, Expectation::present()), WriteResult::missing);
  EXPECT_EQ(write_tenant(tenant, Expectation::absent()), WriteResult::stored);
  EXPECT_EQ(catalog().load().tenants.at(acme).name, "Acme");
}

TEST_P(CatalogWrite, KeepsTheTimesAtWhichCredentialsCame) {
  auto one = fresh();
  one.credentials = {{"signing", 1, "mem://a", std::nullopt}};
  const auto then = engine->clock.unix_now();
  write(one, Expectation::absent());
  engine->clock.advance(1h);
  one.credentials = {{"signing", 1, "mem://a", UnixTime{1'800'000'000'000ms}}, {"signing", 2, "mem://b", std::nullopt}};
  EXPECT_EQ(write(one, Expectation::present()), WriteResult::stored);
  auto credentials = stored(one.id).credentials;
  ASSERT_EQ(credentials.size(), 2U);
  EXPECT_EQ(credentials[0].created_at, engine->clock.unix_now());
  EXPECT_EQ(credentials[1].created_at, then);
  engine->clock.advance(1h);
  EXPECT_EQ(write(one, Expectation::present()), WriteResult::unchanged);
  one.credentials[0].reference = "mem://c";
  EXPECT_EQ(write(one, Expectation::present()), WriteResult::stored);
  EXPECT_EQ(stored(one.id).credentials[1].created_at, engine->clock.unix_now()) << "another secret";
}

TEST_P(CatalogWrite, DeletesADestinationWithAllThatIsItsOwn) {
  auto one = fresh();
  one.credentials = {{"signing", 1, "mem://a", std::nullopt}};
  one.policy_override.max_attempts = 2;
  write(one, Expectation::absent());
  auto other = fresh();
  other.policy_override.max_attempts = 3;
  other.credentials = one.credentials;
  write(other, Expectation::absent());
  const auto before = traces();
  EXPECT_EQ(remove(globex, one.id), WriteResult::missing);
  EXPECT_EQ(remove(acme, new_destination()), WriteResult::missing);
  EXPECT_EQ(remove(acme, one.id, Expectation::revision(1)), WriteResult::stale);
  EXPECT_EQ(traces(), before);
  EXPECT_EQ(remove(acme, one.id, Expectation::revision(stored(one.id).revision)), WriteResult::stored);
  EXPECT_EQ(remove(acme, one.id), WriteResult::missing);
  EXPECT_EQ(traces(), (std::pair{before.first + 1, before.second + 1}));
  EXPECT_EQ(rows("integration_credentials"), 1);
  EXPECT_EQ(rows("integration_delivery_policy"), 1);
  const auto left = catalog().load();
  EXPECT_FALSE(left.destinations.contains(one.id));
  EXPECT_EQ(*left.destinations.at(other.id)->policy_override.max_attempts, 3);
}

TEST_P(CatalogWrite, DeletesNoDestinationThatHasLiveDeliveries) {
  const auto one = given();
  given_pending(one.id, 1);
  EXPECT_EQ(remove(acme, one.id), WriteResult::busy);
  auto claimed = claim_one(one.id);
  EXPECT_EQ(remove(acme, one.id), WriteResult::busy);
  settle(retry(std::move(claimed)));
  EXPECT_EQ(remove(acme, one.id), WriteResult::busy);
  EXPECT_TRUE(catalog().load().destinations.contains(one.id));
  engine->make_all_due();
  settle(success(claim_one(one.id)));
  EXPECT_EQ(remove(acme, one.id), WriteResult::stored);
  EXPECT_EQ(rows("integration_deliveries"), 1) << "what was delivered stays";
}

TEST_P(CatalogWrite, ADeletionAndAnInsertionAtTheSameTimeLeaveNoOrphan) {
  for (int round = 0; round < 30; ++round) {
    const auto one = given();
    const auto revision = catalog().revision();
    const auto made = new_event(event("race" + std::to_string(round)), {one.id});
    bool inserted = false;
    WriteResult removed{};
    std::thread producer{[&] {
      inserted = !engine->other_daemons_store().insert({&made, 1}, revision).catalog_changed;
    }};
    std::thread person{[&] { removed = remove(acme, one.id); }};
    producer.join();
    person.join();
    EXPECT_EQ(removed, inserted ? WriteResult::busy : WriteResult::stored) << "round " << round;
  }
}

TEST_P(CatalogWrite, ADeletionAndAReplayAtTheSameTimeLeaveNoOrphan) {
  for (int round = 0; round < 20; ++round) {
    const auto one = given();
    given_pending(one.id, 1, 1000 + round);
    auto claimed = claim_one(one.id);
    const auto delivery = claimed->delivery;
    settle(dead_letter(std::move(claimed)));
    bool replayed = false;
    WriteResult removed{};
    std::thread replaying{[&] {
      replayed = !engine->dead_letters()
                      .replay(acme, {&delivery, 1}, entry(acme, audit::Action::dead_letter_replayed))
                      .empty();
    }};
    std::thread deleting{[&] { removed = remove(acme, one.id); }};
    replaying.join();
    deleting.join();
    EXPECT_EQ(removed, replayed ? WriteResult::busy : WriteResult::stored) << "round " << round;
  }
}

TEST_P(CatalogWrite, AnEventThatAPersonCausedIsAuditedWithIt) {
  const auto one = given();
  const int before = rows("audit_log");
  auto made = new_event(event("t1"), {one.id});
  made.audit_entry = entry(acme, audit::Action::destination_tested);
  const auto insert = [&] { return engine->store().insert({&made, 1}, engine->catalog().revision()).results.at(0); };
  EXPECT_EQ(insert(), delivery::InsertResult::accepted);
  EXPECT_EQ(rows("audit_log"), before + 1);
  EXPECT_EQ(insert(), delivery::InsertResult::duplicate);
  EXPECT_EQ(rows("audit_log"), before + 1);
  EXPECT_EQ(engine->audit().read(acme, 0, 100).back().entry.action, audit::Action::destination_tested);
}

INSTANTIATE_TEST_SUITE_P(Stores, CatalogWrite,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
