#include "contract/store_contract.hpp"
#include "crypto/digest.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using namespace std::chrono_literals;

identity::TokenRecord token(const std::string& text, const TenantId& tenant, Role role) {
  identity::TokenRecord made;
  made.prefix = text.substr(0, 8);
  made.hash = crypto::sha256(text);
  made.tenant = tenant;
  made.role = role;
  made.label = "Produzent ü";
  made.created_at = UnixTime{1'790'000'000'001ms};
  return made;
}

TEST_P(StoreContract, ATokenIsFoundByItsHashAlone) {
  auto given = token("opi_secret_1", acme, Role::producer);
  given.expires_at = UnixTime{1'800'000'000'002ms};
  EXPECT_TRUE(engine->tokens().insert(given, entry(acme, audit::Action::token_issued)));
  const auto found = engine->tokens().find(given.hash);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->prefix, given.prefix);
  EXPECT_EQ(found->hash, given.hash);
  EXPECT_EQ(found->tenant, acme);
  EXPECT_EQ(found->role, Role::producer);
  EXPECT_EQ(found->label, given.label);
  EXPECT_EQ(found->created_at, given.created_at);
  EXPECT_EQ(found->expires_at, given.expires_at);
  EXPECT_EQ(found->revoked_at, std::nullopt);
  EXPECT_FALSE(engine->tokens().find(crypto::sha256("opi_secret_2")).has_value());
}

TEST_P(StoreContract, AKnownTokenIsANoOpWithoutAnAuditRecord) {
  const auto given = token("opi_secret_1", acme, Role::auditor);
  EXPECT_TRUE(engine->tokens().insert(given, entry(acme, audit::Action::token_issued)));
  EXPECT_FALSE(engine->tokens().insert(given, entry(acme, audit::Action::token_issued)));
  EXPECT_EQ(rows("audit_log"), 1);
}

TEST_P(StoreContract, EveryRoleHasATokenAndOnlyTheSystemsHasNoTenant) {
  for (const auto role : all_roles) {
    const auto tenant = role == Role::system_admin ? TenantId{} : acme;
    const auto given = token("opi_" + std::string{to_string(role)}, tenant, role);
    EXPECT_TRUE(engine->tokens().insert(given, entry(acme)));
    EXPECT_EQ(engine->tokens().find(given.hash)->role, role);
  }
  EXPECT_THROW(engine->tokens().insert(token("x", TenantId{}, Role::operator_), entry(acme)), StoreRefused);
  EXPECT_THROW(engine->tokens().insert(token("y", acme, Role::system_admin), entry(acme)), StoreRefused);
}

TEST_P(StoreContract, TokensAreListedNewestFirstByTenantAndInPages) {
  for (int i = 1; i <= 4; ++i) {
    auto given = token("opi_" + std::to_string(i) + "secret", acme, Role::auditor);
    given.label = std::to_string(i);
    given.created_at += std::chrono::milliseconds{i < 3 ? 1 : i};  // two of one moment
    if (i == 4) given.expires_at = UnixTime{1'800'000'000'002ms};
    engine->tokens().insert(given, entry(acme));
  }
  engine->tokens().insert(token("opi_theirs", globex, Role::auditor), entry(globex));
  engine->tokens().insert(token("opi_system", TenantId{}, Role::system_admin), entry(acme));
  std::string all;
  identity::TokenPage page{.before = std::nullopt, .limit = 2};
  for (int pages = 0; pages < 4; ++pages) {
    const auto rows = engine->tokens().list(acme, page);
    for (const auto& row : rows) {
      EXPECT_EQ(row.tenant, acme);
      EXPECT_EQ(row.hash, crypto::sha256("opi_" + row.label + "secret"));
      EXPECT_EQ(row.expires_at.has_value(), row.label == "4");
      all += row.label;
    }
    all += ";";
    if (rows.empty()) break;
    page.before = {rows.back().created_at, rows.back().prefix};
  }
  EXPECT_EQ(all, "43;21;;");
  EXPECT_THAT(engine->tokens().list(TenantId{}, {}), testing::SizeIs(1));
}

TEST_P(StoreContract, ATokenIsRevokedOnceAndOnlyByItsTenant) {
  const auto given = token("opi_secret_1", acme, Role::auditor);
  engine->tokens().insert(given, entry(acme));
  const UnixTime now{1'790'000'000'777ms};
  const auto revoke = [&](const TenantId& tenant, const std::string& prefix, UnixTime at) {
    return engine->tokens().revoke(tenant, prefix, at, entry(tenant, audit::Action::token_revoked));
  };
  EXPECT_EQ(revoke(globex, given.prefix, now), identity::RevokeResult::unknown);
  EXPECT_EQ(revoke(TenantId{}, given.prefix, now), identity::RevokeResult::unknown);
  EXPECT_EQ(revoke(acme, "opi_none", now), identity::RevokeResult::unknown);
  EXPECT_EQ(engine->tokens().find(given.hash)->revoked_at, std::nullopt);
  EXPECT_EQ(revoke(acme, given.prefix, now), identity::RevokeResult::revoked);
  EXPECT_EQ(revoke(acme, given.prefix, now + 1s), identity::RevokeResult::revoked_before);
  EXPECT_EQ(engine->tokens().find(given.hash)->revoked_at, now);
  EXPECT_EQ(rows("audit_log"), 2) << "its issue and its revocation";
}

}  // namespace
}  // namespace opi::test
