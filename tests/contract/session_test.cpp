#include <atomic>
#include <thread>

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

identity::PortalLink portal_link(const std::string& token, const TenantId& tenant) {
  identity::PortalLink made;
  made.hash = crypto::sha256(token);
  made.tenant = tenant;
  made.role = Role::operator_;
  made.subject = "customer 17, Zoë";
  made.expires_at = UnixTime{1'790'000'300'003ms};
  made.session_lifetime = 90min;
  return made;
}

TEST_P(StoreContract, APortalLinkComesBackAsItWasGiven) {
  auto of_user = portal_link("a", acme), of_token = portal_link("b", globex);
  of_user.session_until = UnixTime{1'790'000'900'004ms};
  of_token.token = crypto::sha256("token");
  for (const auto& given : {of_user, of_token}) {
    engine->sessions().insert_link(given, entry(given.tenant, audit::Action::portal_link_issued));
    const auto found = engine->sessions().find_link(given.hash);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->hash, given.hash);
    EXPECT_EQ(found->tenant, given.tenant);
    EXPECT_EQ(found->role, given.role);
    EXPECT_EQ(found->subject, given.subject);
    EXPECT_EQ(found->token, given.token);
    EXPECT_EQ(found->expires_at, given.expires_at);
    EXPECT_EQ(found->session_lifetime, given.session_lifetime);
    EXPECT_EQ(found->session_until, given.session_until);
  }
  EXPECT_FALSE(engine->sessions().find_link(crypto::sha256("c")).has_value());
  EXPECT_EQ(rows("audit_log"), 2);
}

TEST_P(StoreContract, APortalLinkBeginsOneSession) {
  const auto link = portal_link("link", acme);
  engine->sessions().insert_link(link, entry(acme, audit::Action::portal_link_issued));
  for (const bool by_token : {true, false}) {
    auto begun = session(by_token ? "first" : "second", acme, Role::operator_);
    begun.actor_kind = audit::ActorKind::user;
    begun.actor_id = "portal/" + link.subject;
    begun.by_link = true;
    if (!by_token) begun.token.reset();
    EXPECT_EQ(engine->sessions().insert_by_link(link.hash, begun, entry(acme, audit::Action::signed_in)), by_token);
    EXPECT_EQ(engine->sessions().find(begun.hash).has_value(), by_token);
  }
  EXPECT_TRUE(engine->sessions().find(crypto::sha256("first"))->by_link);
  EXPECT_EQ(engine->sessions().find(crypto::sha256("first"))->token, crypto::sha256("token of first"));
  EXPECT_FALSE(engine->sessions().find_link(link.hash).has_value());
  EXPECT_EQ(rows("audit_log"), 2) << "of the link and of the one session";
}

TEST_P(StoreContract, OfManyWhoOpenAPortalLinkOneComesIn) {
  const auto link = portal_link("link", acme);
  engine->sessions().insert_link(link, entry(acme));
  std::atomic<int> in = 0;
  std::vector<std::thread> browsers;
  for (int i = 0; i < 8; ++i)
    browsers.emplace_back([&, i] {
      auto begun = session(std::to_string(i), acme, Role::operator_);
      begun.by_link = true;
      if (engine->sessions().insert_by_link(link.hash, begun, entry(acme))) ++in;
    });
  for (auto& browser : browsers) browser.join();
  EXPECT_EQ(in, 1);
  EXPECT_EQ(rows("sessions"), 1);
}

TEST_P(StoreContract, ANewSessionSweepsLinksThatNobodyOpened) {
  auto old = portal_link("old", acme);
  engine->sessions().insert_link(old, entry(acme));
  auto later = session("later", globex);
  later.created_at = old.expires_at - 1ms;
  engine->sessions().insert(later, entry(globex));
  EXPECT_EQ(rows("portal_links"), 1);
  auto last = session("last", globex);
  last.created_at = old.expires_at;
  engine->sessions().insert(last, entry(globex));
  EXPECT_EQ(rows("portal_links"), 0);
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
  for (const auto role : {Role::producer, Role::system_admin}) {
    auto link = portal_link("x", acme);
    link.role = role;
    EXPECT_THROW(engine->sessions().insert_link(link, entry(acme)), StoreRefused);
  }
  auto link = portal_link("x", acme);
  link.subject = std::string(101, 'x');
  EXPECT_THROW(engine->sessions().insert_link(link, entry(acme)), StoreRefused);
  EXPECT_EQ(rows("portal_links"), 0);
}

}  // namespace
}  // namespace opi::test
