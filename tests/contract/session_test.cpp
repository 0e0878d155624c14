#include "contract/store_contract.hpp"
#include "crypto/digest.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using namespace std::chrono_literals;

identity::SessionRecord session(const std::string& secret, const TenantId& tenant, Role role = Role::auditor) {
  identity::SessionRecord made;
  made.hash = crypto::sha256(secret);
  made.tenant = tenant;
  made.role = role;
  made.actor_id = "opi_12345678";
  made.token = crypto::sha256("token of " + secret);
  made.created_at = UnixTime{1'790'000'000'001ms};
  made.expires_at = UnixTime{1'790'000'500'002ms};
  return made;
}

TEST_P(StoreContract, ASessionComesBackAsItWasGiven) {
  auto by_token = session("a", acme);
  auto by_user = session("b", acme, Role::operator_);
  by_user.actor_kind = audit::ActorKind::user;
  by_user.actor_id = "änne";
  by_user.token.reset();
  for (const auto& given : {by_token, by_user}) {
    engine->sessions().insert(given, entry(acme, audit::Action::signed_in));
    const auto found = engine->sessions().find(given.hash);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->hash, given.hash);
    EXPECT_EQ(found->tenant, given.tenant);
    EXPECT_EQ(found->role, given.role);
    EXPECT_EQ(found->actor_kind, given.actor_kind);
    EXPECT_EQ(found->actor_id, given.actor_id);
    EXPECT_EQ(found->token, given.token);
    EXPECT_EQ(found->created_at, given.created_at);
    EXPECT_EQ(found->expires_at, given.expires_at);
    EXPECT_EQ(found->revoked_at, std::nullopt);
  }
  EXPECT_FALSE(engine->sessions().find(crypto::sha256("c")).has_value());
  EXPECT_EQ(rows("audit_log"), 2);
}

TEST_P(StoreContract, ASessionIsRevokedOnce) {
  const auto given = session("a", acme);
  engine->sessions().insert(given, entry(acme));
  const UnixTime now{1'790'000'000'777ms};
  const auto revoke = [&](const std::string& secret) {
    return engine->sessions().revoke(crypto::sha256(secret), now, entry(acme, audit::Action::signed_out));
  };
  EXPECT_FALSE(revoke("b"));
  EXPECT_TRUE(revoke("a"));
  EXPECT_FALSE(revoke("a"));
  EXPECT_EQ(engine->sessions().find(given.hash)->revoked_at, now);
  EXPECT_EQ(rows("audit_log"), 2) << "signing in and signing out";
}

TEST_P(StoreContract, ANewSessionSweepsSomeThatHaveExpired) {
  for (int i = 0; i < 3; ++i) engine->sessions().insert(session(std::to_string(i), acme), entry(acme));
  auto later = session("later", globex);
  later.created_at = UnixTime{1'790'000'500'001ms};
  later.expires_at = later.created_at + 1h;
  engine->sessions().insert(later, entry(globex));
  EXPECT_EQ(rows("sessions"), 4) << "none had expired yet";
  auto last = session("last", globex);
  last.created_at = UnixTime{1'790'000'500'002ms};
  last.expires_at = last.created_at + 1h;
  engine->sessions().insert(last, entry(globex));
  EXPECT_EQ(rows("sessions"), 2);
  EXPECT_TRUE(engine->sessions().find(later.hash).has_value());
}

TEST_P(StoreContract, TheSchemaKnowsWhichSessionsCanBe) {
  engine->sessions().insert(session("system", TenantId{}, Role::system_admin), entry(acme));
  EXPECT_TRUE(engine->sessions().find(crypto::sha256("system"))->tenant.empty());
  const auto refused = [&](const identity::SessionRecord& given) {
    EXPECT_THROW(engine->sessions().insert(given, entry(acme)), StoreRefused);
  };
  refused(session("x", TenantId{}, Role::auditor));
  refused(session("x", acme, Role::system_admin));
  auto without_token = session("x", acme);
  without_token.token.reset();
  refused(without_token);
  auto long_name = session("x", acme);
  long_name.actor_id = std::string(129, 'x');
  refused(long_name);
  EXPECT_EQ(rows("sessions"), 1);
}

}  // namespace
}  // namespace opi::test
