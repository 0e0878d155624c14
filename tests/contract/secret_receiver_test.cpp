#include <algorithm>

#include "contract/store_contract.hpp"
#include "delivery/schema_migration.hpp"
#include "domain/receiver.hpp"
#include "postgres/schema.hpp"
#include "sqlite/schema.hpp"

namespace opi::test {
namespace {

using delivery::Expectation;
using delivery::SecretReceiver;
using delivery::SecretReceiverLimits;
using delivery::WriteResult;
using testing::UnorderedElementsAre;

class SecretReceivers : public StoreContract {
 protected:
  SecretReceivers() {
    for (const auto& tenant : {acme, globex}) engine->catalog().put_tenant({tenant, tenant.str(), {}}, entry(tenant));
    one.tenant_id = acme;
    one.id = new_destination();
    one.name = "SIEM";
    one.adapter = "webhook";
    one.endpoint = "https://siem.example/hooks";
    one.subscriptions = {"*"};
    one.config = "{}";
    one.credentials = {{"signing", 1, "mem://a", {}, {}}};
  }
  WriteResult write(const Destination& destination) {
    return engine->catalog().write_destination(destination, Expectation::anything(),
                                               entry(destination.tenant_id, audit::Action::destination_changed));
  }
  Destination stored() { return *engine->catalog().load().destinations.at(one.id); }
  // By pages, as whoever looks for one reads them.
  std::vector<SecretReceiver> receivers(std::string_view scheme = "mem") {
    std::vector<SecretReceiver> all;
    for (;;) {
      auto page = engine->catalog().secret_receivers(scheme, all.empty() ? std::nullopt : std::optional{all.back()});
      EXPECT_LE(page.size(), static_cast<std::size_t>(SecretReceiverLimits::page));
      if (page.empty()) return all;
      all.insert(all.end(), page.begin(), page.end());
    }
  }
  void given_receivers(int count, const std::string& receiver = "'r'") {
    engine->execute(
        "INSERT INTO integration_secret_receivers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM n WHERE i < " +
        std::to_string(count) + ") SELECT 'acme', 'mem://many/' || i, " + receiver + " FROM n");
  }

  Destination one;
};

TEST_P(SecretReceivers, WhatIsPutIsBoundToWhatIsWritten) {
  write(one);
  const auto receiver = receiver_of(one, "signing");
  EXPECT_EQ(stored().credentials.front().bound_to, receiver);
  EXPECT_THAT(receivers(), UnorderedElementsAre(SecretReceiver{acme, "mem://a", receiver}));
  EXPECT_EQ(write(one), WriteResult::unchanged) << "putting the same again";
}

TEST_P(SecretReceivers, WhatWasStoredStaysBoundWhateverBecomesOfTheDestination) {
  write(one);
  auto moved = stored();
  moved.endpoint = "https://other.example/hooks";
  write(moved);
  EXPECT_EQ(stored().credentials.front().bound_to, receiver_of(one, "signing"));
  EXPECT_EQ(unbound_purpose(stored()), "signing");
  EXPECT_THAT(receivers(), UnorderedElementsAre(SecretReceiver{acme, "mem://a", receiver_of(one, "signing")}));
  moved.credentials.front().bound_to.clear();
  EXPECT_EQ(write(moved), WriteResult::stored) << "put anew";
  EXPECT_EQ(unbound_purpose(stored()), std::nullopt);
}

// Such as a row that an older version wrote after the migration.
TEST_P(SecretReceivers, WhatIsBoundToNothingIsNotBoundByAnyEdit) {
  write(one);
  engine->execute("UPDATE integration_credentials SET bound_to = ''");
  engine->execute("DELETE FROM integration_secret_receivers");
  EXPECT_EQ(unbound_purpose(stored()), "signing");
  auto edited = stored();
  edited.max_in_flight = 3;
  EXPECT_EQ(write(edited), WriteResult::stored);
  edited.endpoint = "https://other.example/hooks";
  EXPECT_EQ(write(edited), WriteResult::stored);
  EXPECT_EQ(unbound_purpose(stored()), "signing");
  EXPECT_THAT(receivers(), UnorderedElementsAre(SecretReceiver{acme, "mem://a", std::string(of_nobody)}));
  edited.credentials.front().bound_to.clear();
  EXPECT_EQ(write(edited), WriteResult::stored) << "put anew";
  EXPECT_EQ(unbound_purpose(stored()), std::nullopt);
}

TEST_P(SecretReceivers, WhatIsBoundToNothingIsRememberedWhenItIsRevokedOrDeleted) {
  for (const bool deleted : {false, true}) {
    write(one);
    engine->execute("UPDATE integration_credentials SET bound_to = ''");
    engine->execute("DELETE FROM integration_secret_receivers");
    auto without = stored();
    without.credentials.clear();
    if (deleted)
      engine->catalog().delete_destination(acme, one.id, Expectation::present(),
                                           entry(acme, audit::Action::destination_deleted));
    else
      write(without);
    EXPECT_THAT(receivers(), UnorderedElementsAre(SecretReceiver{acme, "mem://a", std::string(of_nobody)}));
  }
}

TEST_P(SecretReceivers, AreRememberedWhenTheDestinationIsGone) {
  write(one);
  auto without = stored();
  without.credentials.clear();
  write(without);
  engine->catalog().delete_destination(acme, one.id, Expectation::present(),
                                       entry(acme, audit::Action::destination_deleted));
  EXPECT_THAT(receivers(), UnorderedElementsAre(SecretReceiver{acme, "mem://a", receiver_of(one, "signing")}));
}

TEST_P(SecretReceivers, ATenantNamesSoManyAndNoMore) {
  given_receivers(SecretReceiverLimits::per_tenant - 1);
  EXPECT_EQ(write(one), WriteResult::stored) << "the last";
  const auto before = stored();
  auto more = before;
  more.credentials = {{"signing", 2, "mem://b", {}, {}}};
  EXPECT_EQ(write(more), WriteResult::exhausted);
  EXPECT_EQ(stored(), before) << "nothing was written";
  more.credentials = {{"signing", 2, "mem://a", {}, {}}};
  EXPECT_EQ(write(more), WriteResult::stored) << "what it has named already";
  one.tenant_id = globex;
  one.id = new_destination();
  one.credentials = {{"signing", 1, "mem://b", {}, {}}};
  EXPECT_EQ(write(one), WriteResult::stored) << "of another tenant";
}

TEST_P(SecretReceivers, AreReadPageByPageAndOfOneSchemeAlone) {
  given_receivers(2 * SecretReceiverLimits::page);
  engine->execute(
      "INSERT INTO integration_secret_receivers VALUES ('acme', 'mem://many/7', 'second'), "
      "('globex', 'mem://many/7', 'r'), ('acme', 'memo://a', 'r'), ('acme', 'me://a', 'r'), "
      "('acme', 'MEM://a', 'r')");
  const auto all = receivers();
  EXPECT_EQ(all.size(), 2u * SecretReceiverLimits::page + 2u);
  for (const auto& added :
       {SecretReceiver{acme, "mem://many/7", "second"}, SecretReceiver{globex, "mem://many/7", "r"}})
    EXPECT_THAT(all, testing::Contains(added).Times(1));
  EXPECT_THAT(receivers("memo"), UnorderedElementsAre(SecretReceiver{acme, "memo://a", "r"}));
}

// The migration that brought receivers, over every kind of destination that can have stood there.
TEST_P(SecretReceivers, WhatStoodThereBeforeIsBoundToItsDestination) {
  const std::vector<std::optional<Authorization>> ways{
      std::nullopt, BearerAuthorization{}, HeaderAuthorization{"X-Api-Key", ""},
      HmacAuthorization{"X-Signature", "", {}},
      ClientCredentialsAuthorization{"https://id.example/Token", "c", "", "", {}}};
  std::vector<Destination> before;
  for (const auto* endpoint : {"https://SIEM.example:8443/hooks", "https://siem.example?k=a/b", "https://siem.example"})
    for (const auto& way : ways) {
      one.id = new_destination();
      one.endpoint = endpoint;
      one.authorization = way;
      one.credentials = {{"signing", 1, "mem://a", {}, {}},
                         {"authorization", 1, "mem://b", {}, {}},
                         {"client_certificate", 1, "mem://c", {}, {}}};
      write(one);
      before.push_back(stored());
    }
  const auto known_before = receivers();
  const bool on_postgres = std::string_view(GetParam().name).find("ostgres") != std::string_view::npos;
  const auto migrations = on_postgres ? postgres::known_migrations() : sqlite::known_migrations();
  const auto ours = std::ranges::find_if(migrations, [](const auto& migration) {
    return std::string_view(migration.name).find("secret_receivers") != std::string_view::npos;
  });
  ASSERT_NE(ours, migrations.end());
  engine->execute("DROP TABLE integration_secret_receivers");
  engine->execute("ALTER TABLE integration_credentials DROP COLUMN bound_to");
  if (on_postgres) {
    engine->execute("SET search_path = public");  // where migrations are run
    // As in a database of that locale, where an I is not an i: the program's letters are those of ASCII.
    engine->execute(R"(ALTER TABLE integration_destinations ALTER COLUMN endpoint TYPE text COLLATE "tr-x-icu")");
  }
  engine->execute(std::string(ours->sql));
  if (on_postgres) engine->execute("ALTER TABLE integration_destinations ALTER COLUMN endpoint TYPE text");
  for (const auto& destination : before) {
    one.id = destination.id;
    EXPECT_EQ(stored(), destination) << destination.endpoint;
  }
  EXPECT_THAT(receivers(), testing::UnorderedElementsAreArray(known_before));
}

INSTANTIATE_TEST_SUITE_P(Stores, SecretReceivers,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace opi::test
