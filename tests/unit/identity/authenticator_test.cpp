#include "identity/authenticator.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "support/temporary_folder.hpp"
#include "unit/identity/jwt_maker.hpp"
#include "unit/identity/memory_stores.hpp"

namespace opi::identity {
namespace {

using namespace std::chrono_literals;
using Kind = Refusal::Kind;

class Door : public testing::Test {
 protected:
  std::string key_file() {
    std::ofstream(folder.path() / "e1.pem") << maker.public_pem();
    return (folder.path() / "e1.pem").string();
  }
  std::string issue(Role role = Role::operator_, std::optional<UnixTime> expires = std::nullopt) {
    const auto tenant = role == Role::system_admin ? TenantId{} : *TenantId::parse("acme");
    const auto issued = issue_token(role, tenant, "", clock.unix_now(), expires, random);
    token_store.insert(issued.record, {});
    return issued.text;
  }
  std::string jwt(std::chrono::seconds lifetime = 300s) {
    const auto expires =
        std::chrono::duration_cast<std::chrono::seconds>(clock.unix_now().time_since_epoch() + lifetime);
    return maker.token(R"({"alg":"ES256"})",
                       R"({"iss":"i","aud":"a","sub":"ann","tenant":"acme","role":"auditor","exp":)" +
                           std::to_string(expires.count()) + "}");
  }
  std::variant<Caller, Refusal> bearer(const std::string& token, const std::string& address = "192.0.2.1") {
    const std::string header = "Bearer " + token;
    return door.authenticate({"GET", header, "", "", address});
  }
  std::variant<Caller, Refusal> cookie(const std::string& header, const std::string& method = "GET",
                                       const std::string& csrf = "") {
    return door.authenticate({method, "", header, csrf, "192.0.2.1"});
  }
  Sessions::Opened sign_in(const std::string& token) {
    return std::get<Sessions::Opened>(door.sign_in({"POST", "", "", "", "192.0.2.1"}, token));
  }
  static bool good(const std::variant<Caller, Refusal>& answer) { return std::holds_alternative<Caller>(answer); }
  static Kind kind(const std::variant<Caller, Refusal>& answer) { return std::get<Refusal>(answer).kind; }
  void revoke_all_tokens() {
    for (auto& [hash, token] : token_store.tokens) token.revoked_at = clock.unix_now();
    door.forget_tokens();
  }

  test::TemporaryFolder folder;
  test::JwtMaker maker{test::JwtMaker::Kind::p256};
  test::ManualClock clock;
  test::SeededRandom random{1};
  test::MemoryTokenStore token_store;
  test::MemorySessionStore session_store;
  test::MemoryAuditLog log;
  TokenVerifier tokens{token_store, clock, {}};
  JwtVerifier jwts{key_file(), {"i", "a"}, clock};
  Sessions sessions{session_store, tokens, clock, random, {.lifetime = 8h}};
  FailedSignIns failures{log, clock, {.limit = {1, 10, 100}}};
  Authenticator door{tokens, jwts, sessions, failures, clock, {.per_second = 10, .burst = 50}};
};

TEST_F(Door, TheNameOfTheSchemeIsOfAnyCase) {
  const auto token = issue();
  const auto with = [&](const std::string& scheme) {
    const auto header = scheme + token;
    return std::pair{door.authenticate({"GET", header, "", "", "192.0.2.1"}),
                     door.sign_in({"POST", header, "", "", "192.0.2.1"}, "")};
  };
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer  ", "bearer     "}) {
    const auto [asked, opened] = with(scheme);
    EXPECT_TRUE(good(asked)) << scheme;
    EXPECT_TRUE(std::holds_alternative<Sessions::Opened>(opened)) << scheme;
  }
  for (const char* scheme : {"", "Bearer", "Bear ", "Bearers ", " Bearer ", "Bearer\t", "Bearer \t", "Basic "}) {
    const auto [asked, opened] = with(scheme);
    EXPECT_FALSE(good(asked)) << scheme;
    EXPECT_FALSE(std::holds_alternative<Sessions::Opened>(opened)) << scheme;
  }
}

TEST_F(Door, KnowsApiTokensAndJwts) {
  const auto by_token = std::get<Caller>(bearer(issue()));
  EXPECT_EQ(by_token.identity.actor_kind, audit::ActorKind::token);
  EXPECT_TRUE(by_token.token);
  EXPECT_TRUE(by_token.csrf_token.empty());
  const auto by_jwt = std::get<Caller>(bearer(jwt()));
  EXPECT_EQ(by_jwt.identity.actor_id, "ann");
  EXPECT_EQ(by_jwt.identity.role, Role::auditor);
  EXPECT_EQ(kind(bearer(jwt(0s))), Kind::unauthenticated);
  EXPECT_EQ(kind(bearer("opi_nonsense")), Kind::unauthenticated);
}

TEST_F(Door, NobodyIsNoFailedAttempt) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(kind(cookie("")), Kind::unauthenticated);
  EXPECT_EQ(kind(cookie("theme=dark; other=opi_session")), Kind::unauthenticated);
  failures.run_once();
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(Door, ASessionIsItsBearerWithACsrfToken) {
  const auto opened = sign_in(issue(Role::tenant_admin));
  EXPECT_EQ(opened.secret.size(), 43u);
  EXPECT_EQ(opened.caller.expires_at, clock.unix_now() + 8h);
  const auto caller = std::get<Caller>(cookie("a=b; opi_session=" + opened.secret + "; c=d"));
  EXPECT_EQ(caller.identity.role, Role::tenant_admin);
  EXPECT_EQ(caller.identity.tenant.str(), "acme");
  EXPECT_EQ(caller.csrf_token, opened.caller.csrf_token);
  EXPECT_EQ(session_store.sessions.begin()->second.hash, crypto::sha256(opened.secret)) << "only its hash is stored";
  ASSERT_EQ(session_store.entries.size(), 1u);
  EXPECT_EQ(session_store.entries[0].action, audit::Action::signed_in);
  EXPECT_EQ(session_store.entries[0].tenant.str(), "acme");
  EXPECT_EQ(session_store.entries[0].target.find(opened.secret), std::string::npos);
}

TEST_F(Door, ASystemAdministratorsSignInIsTheInstallations) {
  sign_in(issue(Role::system_admin));
  EXPECT_EQ(session_store.entries.at(0).tenant.str(), "_system");
}

TEST_F(Door, ASessionChangesThingsOnlyWithItsCsrfToken) {
  const auto opened = sign_in(issue()), other = sign_in(issue());
  const std::string header = "opi_session=" + opened.secret;
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "get", ""}) {
    EXPECT_EQ(kind(cookie(header, method)), Kind::csrf) << method;
    EXPECT_EQ(kind(cookie(header, method, other.caller.csrf_token)), Kind::csrf) << method;
    EXPECT_EQ(kind(cookie(header, method, opened.caller.csrf_token + "x")), Kind::csrf) << method;
    EXPECT_TRUE(good(cookie(header, method, opened.caller.csrf_token))) << method;
  }
  EXPECT_TRUE(good(cookie(header, "GET")));
  EXPECT_TRUE(good(cookie(header, "HEAD")));
}

TEST_F(Door, TwoSessionCookiesAreNone) {
  const auto opened = sign_in(issue());
  EXPECT_EQ(kind(cookie("opi_session=" + opened.secret + "; opi_session=x")), Kind::unauthenticated);
  EXPECT_EQ(kind(cookie("xopi_session=" + opened.secret)), Kind::unauthenticated);
  EXPECT_EQ(kind(cookie("opi_session=\"" + opened.secret + "\"")), Kind::unauthenticated);
}

TEST_F(Door, AnAuthorizationHeaderCountsBeforeTheCookie) {
  const auto opened = sign_in(issue());
  const std::string header = "Bearer opi_wrong", jar = "opi_session=" + opened.secret;
  EXPECT_EQ(kind(door.authenticate({"GET", header, jar, "", "192.0.2.1"})), Kind::unauthenticated);
}

TEST_F(Door, ASessionEndsAtItsTimeWithItsTokenOrByItsOwner) {
  const auto late = sign_in(issue());
  clock.advance(8h - 1ms);
  EXPECT_TRUE(good(cookie("opi_session=" + late.secret)));
  clock.advance(1ms);
  EXPECT_FALSE(good(cookie("opi_session=" + late.secret)));

  const auto brief = sign_in(issue(Role::operator_, clock.unix_now() + 1h));
  EXPECT_EQ(brief.caller.expires_at, clock.unix_now() + 1h);
  const auto by_jwt = sign_in(jwt(300s));
  EXPECT_EQ(by_jwt.caller.expires_at, clock.unix_now() + 300s);

  const auto signed_out = sign_in(issue());
  const auto caller = std::get<Caller>(cookie("opi_session=" + signed_out.secret));
  EXPECT_TRUE(door.sign_out(caller));
  EXPECT_EQ(session_store.entries.back().action, audit::Action::signed_out);
  EXPECT_FALSE(good(cookie("opi_session=" + signed_out.secret))) << "at once";
  EXPECT_FALSE(door.sign_out(caller));

  const auto revoked = sign_in(issue());
  EXPECT_TRUE(good(cookie("opi_session=" + revoked.secret)));
  revoke_all_tokens();
  EXPECT_FALSE(good(cookie("opi_session=" + revoked.secret))) << "at once";
  EXPECT_TRUE(good(cookie("opi_session=" + by_jwt.secret))) << "it rests on no API token";
}

TEST_F(Door, ABearerAloneCannotBeSignedOut) { EXPECT_FALSE(door.sign_out(std::get<Caller>(bearer(issue())))); }

TEST_F(Door, FailedAttemptsAreLimitedAndAuditedWhateverTheirKind) {
  const std::string wrong = "opi_" + std::string(43, 'A');
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kind(bearer(wrong)), Kind::unauthenticated);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kind(bearer("a.b.c")), Kind::unauthenticated);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(kind(cookie("opi_session=" + std::string(43, 'A'))), Kind::unauthenticated);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(std::get<Refusal>(door.sign_in({"POST", "", "", "", "192.0.2.1"}, wrong)).kind, Kind::unauthenticated);
  const auto refusal = std::get<Refusal>(bearer(wrong));
  EXPECT_EQ(refusal.kind, Kind::too_many);
  EXPECT_EQ(refusal.retry_after, 1s);
  EXPECT_EQ(kind(bearer(wrong, "192.0.2.2")), Kind::unauthenticated);
  EXPECT_TRUE(good(bearer(issue()))) << "others at this address, which may be a proxy's, are not shut out";
  failures.run_once();
  ASSERT_EQ(log.entries.size(), 2u);
  EXPECT_NE(log.entries[0].details.find("\"attempts\":11"), std::string::npos) << log.entries[0].details;
}

TEST_F(Door, OneCallerHasItsRateAndOthersHaveTheirs) {
  const auto token = issue(), other = issue();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(good(bearer(token))) << i;
  const auto refusal = std::get<Refusal>(bearer(token));
  EXPECT_EQ(refusal.kind, Kind::too_many);
  EXPECT_EQ(refusal.retry_after, 100ms);
  EXPECT_TRUE(good(bearer(other)));
  clock.advance(100ms);
  EXPECT_TRUE(good(bearer(token)));
  EXPECT_FALSE(good(bearer(token)));
  EXPECT_EQ(std::get<Refusal>(door.sign_in({"POST", "", "", "", "192.0.2.1"}, token)).kind, Kind::too_many);
  failures.run_once();
  EXPECT_TRUE(log.entries.empty()) << "that is no failed sign-in";
}

}  // namespace
}  // namespace opi::identity
