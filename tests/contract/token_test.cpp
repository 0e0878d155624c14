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

}  // namespace
}  // namespace opi::test
