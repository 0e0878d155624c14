#include "identity/token.hpp"

#include <gtest/gtest.h>

#include "crypto/digest.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "unit/identity/memory_stores.hpp"

namespace opi::identity {
namespace {

using namespace std::chrono_literals;

class TokenVerification : public testing::Test {
 protected:
  IssuedToken issue(Role role = Role::producer, std::optional<UnixTime> expires = std::nullopt) {
    auto issued = issue_token(role, *TenantId::parse("acme"), "label", clock.unix_now(), expires, random);
    store.insert(issued.record, {});
    return issued;
  }
  test::ManualClock clock;
  test::SeededRandom random{1};
  test::MemoryTokenStore store;
  TokenVerifier verifier{store, clock, {}};
};

TEST(Tokens, HaveOneShapeAndAreStoredHashed) {
  test::SeededRandom random{1};
  const auto issued = issue_token(Role::auditor, *TenantId::parse("acme"), "console", UnixTime{}, UnixTime{1h}, random);
  EXPECT_EQ(issued.text.size(), 47u);
  EXPECT_TRUE(issued.text.starts_with("opi_"));
  EXPECT_TRUE(is_token_shaped(issued.text));
  EXPECT_EQ(issued.record.hash, crypto::sha256(issued.text));
  EXPECT_EQ(issued.record.prefix, issued.text.substr(0, 12));
  EXPECT_EQ(issued.record.role, Role::auditor);
  EXPECT_EQ(issued.record.tenant.str(), "acme");
  EXPECT_EQ(issued.record.label, "console");
  EXPECT_EQ(issued.record.expires_at, UnixTime{1h});
  EXPECT_FALSE(issued.record.revoked_at);
  EXPECT_NE(issue_token(Role::auditor, {}, "", UnixTime{}, {}, random).text, issued.text);
}

TEST(Tokens, OfAnyOtherShapeAreRefusedBeforeTheStoreIsAsked) {
  const std::string body(43, 'A');
  EXPECT_TRUE(is_token_shaped("opi_" + body));
  EXPECT_TRUE(is_token_shaped("opi_-_" + body.substr(2)));
  EXPECT_FALSE(is_token_shaped("opi_" + body + "A"));
  EXPECT_FALSE(is_token_shaped("opi_" + body.substr(1)));
  EXPECT_FALSE(is_token_shaped("OPI_" + body));
  EXPECT_FALSE(is_token_shaped("opi_" + body.substr(1) + "+"));
  EXPECT_FALSE(is_token_shaped("opi_" + body.substr(1) + "\n"));
  EXPECT_FALSE(is_token_shaped(""));
}

TEST_F(TokenVerification, AnswersWhoseTokenItIs) {
  const auto issued = issue();
  const auto identity = verifier.verify(issued.text);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->role, Role::producer);
  EXPECT_EQ(identity->tenant.str(), "acme");
  EXPECT_EQ(identity->actor_id, issued.record.prefix);
}

TEST_F(TokenVerification, UnknownAndMisshapenTokensAreNobody) {
  EXPECT_FALSE(verifier.verify("opi_" + std::string(43, 'A')));
  EXPECT_EQ(store.queries, 1);
  EXPECT_FALSE(verifier.verify("opi_x"));
  EXPECT_FALSE(verifier.verify(""));
  EXPECT_EQ(store.queries, 1);
}

TEST_F(TokenVerification, ATokenExpiresAtItsVeryMoment) {
  const auto issued = issue(Role::producer, clock.unix_now() + 1s);
  EXPECT_TRUE(verifier.verify(issued.text));
  clock.advance(999ms);
  EXPECT_TRUE(verifier.verify(issued.text));
  clock.advance(1ms);
  EXPECT_FALSE(verifier.verify(issued.text));
  EXPECT_EQ(store.queries, 1) << "expiry is judged on the remembered record, too";
}

TEST_F(TokenVerification, ARevocationIsFeltWhenTheMemoryRunsOut) {
  const auto issued = issue();
  EXPECT_TRUE(verifier.verify(issued.text));
  store.tokens.at(issued.record.hash).revoked_at = clock.unix_now();
  clock.advance(4'999ms);
  EXPECT_TRUE(verifier.verify(issued.text));
  clock.advance(1ms);
  EXPECT_FALSE(verifier.verify(issued.text));
}

TEST_F(TokenVerification, WhoMadeARevocationFeelsItAtOnce) {
  const auto issued = issue();
  EXPECT_TRUE(verifier.verify(issued.text));
  store.tokens.at(issued.record.hash).revoked_at = clock.unix_now();
  verifier.forget();
  EXPECT_FALSE(verifier.verify(issued.text));
}

TEST_F(TokenVerification, AnAnswerFromBeforeARevocationIsNotRememberedAfterIt) {
  const auto issued = issue();
  store.on_find = [&] {
    store.on_find = nullptr;
    verifier.forget();  // another thread's revocation, just after this answer was read
  };
  EXPECT_TRUE(verifier.verify(issued.text));
  store.tokens.at(issued.record.hash).revoked_at = clock.unix_now();
  EXPECT_FALSE(verifier.verify(issued.text));
}

TEST_F(TokenVerification, AsksTheStoreOncePerMemory) {
  const auto issued = issue();
  for (int i = 0; i < 10; ++i) verifier.verify(issued.text);
  EXPECT_EQ(store.queries, 1);
  clock.advance(5s);
  verifier.verify(issued.text);
  EXPECT_EQ(store.queries, 2);
}

TEST_F(TokenVerification, AnUnknownTokenIsRememberedNoLongerThanAKnownOne) {
  auto issued = issue_token(Role::producer, *TenantId::parse("acme"), "", clock.unix_now(), {}, random);
  EXPECT_FALSE(verifier.verify(issued.text));
  store.insert(issued.record, {});
  clock.advance(5s);
  EXPECT_TRUE(verifier.verify(issued.text));
}

TEST_F(TokenVerification, TheMemoryHoldsAtMostItsLimit) {
  TokenVerifier small(store, clock, {.cache_size = 2});
  const auto a = issue(), b = issue(), c = issue();
  small.verify(a.text);
  small.verify(b.text);
  small.verify(a.text);
  EXPECT_EQ(store.queries, 2);
  small.verify(c.text);  // one too many: begins anew
  small.verify(a.text);
  EXPECT_EQ(store.queries, 4);
}

TEST_F(TokenVerification, AnAbsentStoreIsNotAnAnswer) {
  const auto issued = issue();
  store.away = true;
  EXPECT_THROW(verifier.verify(issued.text), StoreUnavailable);
  store.away = false;
  EXPECT_TRUE(verifier.verify(issued.text));
}

}  // namespace
}  // namespace opi::identity
