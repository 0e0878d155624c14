#include "identity/jwt.hpp"

#include <gtest/gtest.h>

#include <map>

#include "support/manual_clock.hpp"
#include "unit/identity/jwt_maker.hpp"

namespace opi::identity {
namespace {

using namespace std::chrono_literals;
using test::JwtMaker;

const JwtMaker& rsa() {
  static const JwtMaker maker(JwtMaker::Kind::rsa2048);
  return maker;
}
const JwtMaker& ec() {
  static const JwtMaker maker(JwtMaker::Kind::p256);
  return maker;
}
const JwtMaker& stranger() {
  static const JwtMaker maker(JwtMaker::Kind::p256);
  return maker;
}

class Jwt : public testing::Test {
 protected:
  Jwt() {
    keys.emplace_back("r1", *crypto::public_key_from_pem(rsa().public_pem()));
    keys.emplace_back("e1", *crypto::public_key_from_pem(ec().public_pem()));
  }
  // Claims that are accepted, with `changed` members in place of theirs; a value of "" leaves one out.
  std::string claims(const std::map<std::string, std::string>& changed = {}) const {
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    std::map<std::string, std::string> members{{"iss", R"("https://id.example")"},
                                               {"aud", R"("opi")"},
                                               {"sub", R"("u-1")"},
                                               {"tenant", R"("acme")"},
                                               {"role", R"("operator")"},
                                               {"exp", std::to_string(at + 300)}};
    for (const auto& [name, value] : changed) members[name] = value;
    std::string text;
    for (const auto& [name, value] : members)
      if (!value.empty()) text += (text.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return text + "}";
  }
  std::string seconds(std::chrono::seconds from_now) const {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch() + from_now).count());
  }
  std::string why(const std::string& token) const {
    const auto judged = judge_jwt(token, keys, rules, now);
    const auto* refusal = std::get_if<JwtRefusal>(&judged);
    return refusal == nullptr ? "accepted" : std::string(refusal->why);
  }
  std::string why_of(const std::map<std::string, std::string>& changed) const {
    return why(ec().token(es256, claims(changed)));
  }

  const std::string es256 = R"({"alg":"ES256","kid":"e1"})", rs256 = R"({"alg":"RS256","kid":"r1"})";
  const UnixTime now{1'790'000'000'000ms};
  JwtRules rules{"https://id.example", "opi"};
  std::vector<JwtKey> keys;
};

TEST_F(Jwt, OfTheProviderIsAcceptedAndSaysWho) {
  for (const auto& token : {ec().token(es256, claims()), rsa().token(rs256, claims())}) {
    const auto judged = judge_jwt(token, keys, rules, now);
    const auto* caller = std::get_if<Caller>(&judged);
    ASSERT_NE(caller, nullptr) << std::get<JwtRefusal>(judged).why;
    EXPECT_EQ(caller->identity.role, Role::operator_);
    EXPECT_EQ(caller->identity.tenant.str(), "acme");
    EXPECT_EQ(caller->identity.actor_kind, audit::ActorKind::user);
    EXPECT_EQ(caller->identity.actor_id, "u-1");
    EXPECT_EQ(caller->expires_at, now + 300s);
    EXPECT_FALSE(caller->token);
  }
}

TEST_F(Jwt, EverySignatureOfManyVerifies) {  // r and s have leading zeros now and then
  for (int i = 0; i < 600; ++i)
    ASSERT_EQ(why(ec().token(es256, claims({{"jti", std::to_string(i)}}))), "accepted") << i;
}

TEST_F(Jwt, AlgorithmConfusionIsRefused) {
  const std::string none = R"({"alg":"none","kid":"e1"})", wrong = "its algorithm is not that of its key";
  EXPECT_EQ(why(JwtMaker::encode(none) + "." + JwtMaker::encode(claims()) + "."), "its signature is not base64url");
  EXPECT_EQ(why(ec().token(none, claims())), wrong);
  EXPECT_EQ(why(ec().token(R"({"alg":"NONE","kid":"e1"})", claims())), wrong);
  EXPECT_EQ(why(ec().token(R"({"alg":"es256","kid":"e1"})", claims())), wrong);
  EXPECT_EQ(why(ec().token(R"({"alg":"ES384","kid":"e1"})", claims())), wrong);
  EXPECT_EQ(why(rsa().token(R"({"alg":"RS512","kid":"r1"})", claims())), wrong);
  EXPECT_EQ(why(rsa().token(R"({"alg":"PS256","kid":"r1"})", claims())), wrong);
  EXPECT_EQ(why(rsa().token(R"({"kid":"r1"})", claims())), wrong);
  EXPECT_EQ(why(rsa().token(R"({"alg":256,"kid":"r1"})", claims())), "its algorithm is not a string");
  EXPECT_EQ(why(rsa().token(R"({"alg":"RS256","kid":"e1"})", claims())), wrong) << "an RSA token for an EC key";
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":"r1"})", claims())), wrong);
  // The public key as the secret of an HMAC: everyone has it.
  const std::string signed_part = JwtMaker::encode(R"({"alg":"HS256","kid":"r1"})") + "." + JwtMaker::encode(claims());
  const std::string pem = rsa().public_pem();
  const auto mac = crypto::hmac_sha256({reinterpret_cast<const std::uint8_t*>(pem.data()), pem.size()}, signed_part);
  EXPECT_EQ(why(signed_part + "." + crypto::to_base64url(mac)), wrong);
}

TEST_F(Jwt, OnlyTheNamedKeyCounts) {
  EXPECT_EQ(why(stranger().token(es256, claims())), "its signature does not verify");
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":"e2"})", claims())), "its key is not known");
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":1})", claims())), "its key id is not a string");
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256"})", claims())), "it names no key, and there is not exactly one");
  keys.erase(keys.begin());
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256"})", claims())), "accepted");
  EXPECT_EQ(why(stranger().token(R"({"alg":"ES256"})", claims())), "its signature does not verify");
  keys.clear();
  EXPECT_EQ(why(ec().token(es256, claims())), "no keys are configured");
}

TEST_F(Jwt, KeysThatATokenBringsAlongAreNotLookedAt) {
  const std::string jwk = R"("jwk":{"kty":"EC","crv":"P-256","x":")" + stranger().number("qx", 32) + R"(","y":")" +
                          stranger().number("qy", 32) + R"("})";
  EXPECT_EQ(why(stranger().token(R"({"alg":"ES256","kid":"e1",)" + jwk + "}", claims())),
            "its signature does not verify");
  EXPECT_EQ(why(stranger().token(R"({"alg":"ES256","kid":"e1","jku":"https://evil.example/keys"})", claims())),
            "its signature does not verify");
}

TEST_F(Jwt, CriticalHeadersAreNotUnderstood) {
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":"e1","crit":["exp"]})", claims())),
            "it has critical header members");
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":"e1","crit":[]})", claims())), "it has critical header members");
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":"e1","b64":false})", claims())), "its claims are not encoded");
}

TEST_F(Jwt, AChangedByteIsRefused) {
  const std::string token = ec().token(es256, claims());
  for (std::size_t at = 0; at < token.size(); at += 7) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(why(changed), "accepted") << at;
  }
  for (std::size_t length = 0; length < token.size(); length += 5) EXPECT_NE(why(token.substr(0, length)), "accepted");
}

TEST_F(Jwt, FormsThatAreNoneAreRefused) {
  const std::string parts = "it has not three parts", header = "its header is not a JSON object in base64url";
  const std::string body = "its claims are not a JSON object in base64url", good = ec().token(es256, claims());
  EXPECT_EQ(why(""), parts);
  EXPECT_EQ(why("a.b"), parts);
  EXPECT_EQ(why(good + ".x"), parts);
  EXPECT_EQ(why(good + ".x.y"), parts) << "an encrypted token has five";
  EXPECT_EQ(why(".."), header);
  EXPECT_EQ(why("=" + good), header);
  EXPECT_EQ(why(" " + good), header);
  EXPECT_EQ(why(ec().token("[]", claims())), header);
  EXPECT_EQ(why(ec().token("{", claims())), header);
  EXPECT_EQ(why(ec().token(es256, "[]")), body);
  EXPECT_EQ(why(ec().token(es256, "")), body);
  EXPECT_EQ(why(ec().token(es256, "{\"iss\":\"\xff\"}")), body);
  EXPECT_EQ(why(ec().token(es256, claims({{"deep", std::string(9, '[') + std::string(9, ']')}}))), body);
  EXPECT_EQ(why(ec().token(es256, claims({{"deep", std::string(2'000, '[') + std::string(2'000, ']')}}))), body);
  EXPECT_EQ(why(good + "="), "its signature is not base64url");
  EXPECT_EQ(why(good.substr(0, good.size() - 2)), "its signature has not the right size");
}

TEST_F(Jwt, AtMost8KiBAreLookedAt) {
  const auto padded = [&](std::size_t pad) {
    return ec().token(es256, claims({{"pad", '"' + std::string(pad, 'x') + '"'}}));
  };
  std::size_t pad = 5'000;
  while (padded(pad + 1).size() <= 8 * 1024) ++pad;
  EXPECT_EQ(why(padded(pad)), "accepted");
  EXPECT_EQ(why(padded(pad + 2)), "it is too long");
}

TEST_F(Jwt, TimesAreHeldToTheSecond) {
  EXPECT_EQ(why_of({{"exp", ""}}), "it never expires");
  EXPECT_EQ(why_of({{"exp", seconds(1s)}}), "accepted");
  EXPECT_EQ(why_of({{"exp", seconds(0s)}}), "it has expired");
  EXPECT_EQ(why_of({{"exp", seconds(0s) + ".5"}}), "accepted");
  EXPECT_EQ(why_of({{"nbf", seconds(60s)}}), "accepted");
  EXPECT_EQ(why_of({{"nbf", seconds(61s)}}), "it is not valid yet");
  EXPECT_EQ(why_of({{"iat", seconds(60s)}}), "accepted");
  EXPECT_EQ(why_of({{"iat", seconds(61s)}}), "it was issued in the future");
  for (const char* name : {"exp", "nbf", "iat"})
    for (const char* value : {R"("1790000300")", "-1", "1e300", "null", "true", "[]", "18446744073709551615"})
      EXPECT_EQ(why_of({{name, value}}), "a time in it is not a NumericDate") << name << value;
}

TEST_F(Jwt, IssuerAndAudienceMustBeOurs) {
  EXPECT_EQ(why_of({{"iss", ""}}), "it is of another issuer");
  EXPECT_EQ(why_of({{"iss", R"("https://id.example/")"}}), "it is of another issuer");
  EXPECT_EQ(why_of({{"iss", "1"}}), "its issuer is not a string");
  EXPECT_EQ(why_of({{"aud", ""}}), "it names no audience");
  EXPECT_EQ(why_of({{"aud", R"("other")"}}), "it is for another audience");
  EXPECT_EQ(why_of({{"aud", R"(["other",1])"}}), "it is for another audience");
  EXPECT_EQ(why_of({{"aud", R"(["other","opi"])"}}), "accepted");
  EXPECT_EQ(why_of({{"aud", R"({"opi":1})"}}), "it is for another audience");
}

TEST_F(Jwt, SubjectRoleAndTenantAreChecked) {
  const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
  EXPECT_EQ(why_of({{"sub", quoted(std::string(128, 'x'))}}), "accepted");
  for (const auto& wrong : {std::string{}, quoted(""), quoted(std::string(129, 'x'))})
    EXPECT_EQ(why_of({{"sub", wrong}}), "its subject is missing or too long");
  EXPECT_EQ(why_of({{"sub", "7"}}), "its subject is not a string");
  EXPECT_EQ(why_of({{"sub", R"("a\nb")"}}), "its subject has control characters");
  EXPECT_EQ(why_of({{"role", ""}}), "its role is missing or unknown");
  EXPECT_EQ(why_of({{"role", R"("root")"}}), "its role is missing or unknown");
  EXPECT_EQ(why_of({{"role", R"(["tenant_admin"])"}}), "its role is not a string");
  EXPECT_EQ(why_of({{"tenant", ""}}), "its tenant is missing or not a tenant id");
  EXPECT_EQ(why_of({{"tenant", R"("Acme Inc")"}}), "its tenant is missing or not a tenant id");
  EXPECT_EQ(why_of({{"tenant", R"("_system")"}}), "its tenant is missing or not a tenant id");
  EXPECT_EQ(why_of({{"tenant", "1"}}), "its tenant is not a string");
  EXPECT_EQ(why_of({{"role", R"("system_admin")"}}), "it is of a system administrator and names a tenant");
  EXPECT_EQ(why_of({{"role", R"("system_admin")"}, {"tenant", ""}}), "accepted");
}

TEST_F(Jwt, TheClaimsForTenantAndRoleCanBeNamed) {
  rules.tenant_claim = "https://example/org";
  rules.role_claim = "opi_role";
  EXPECT_EQ(why_of({}), "its role is missing or unknown");
  EXPECT_EQ(why_of({{"https://example/org", R"("acme")"}, {"opi_role", R"("auditor")"}}), "accepted");
}

}  // namespace
}  // namespace opi::identity
