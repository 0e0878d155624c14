#include "identity/jwt_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"
#include "unit/identity/jwt_maker.hpp"

namespace opi::identity {
namespace {

using test::JwtMaker;
using testing::HasSubstr;

const JwtMaker rsa(JwtMaker::Kind::rsa2048), ec(JwtMaker::Kind::p256);

std::string rsa_jwk(const std::string& id, const std::string& more = "") {
  return R"({"kty":"RSA","kid":")" + id + R"(","n":")" + rsa.number("n") + R"(","e":")" + rsa.number("e") + "\"" +
         more + "}";
}
std::string ec_jwk(const std::string& id, const std::string& more = "") {
  return R"({"kty":"EC","crv":"P-256","kid":")" + id + R"(","x":")" + ec.number("qx", 32) + R"(","y":")" +
         ec.number("qy", 32) + "\"" + more + "}";
}
std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

// "id algorithm" of each, or what was wrong.
std::string keys_in(const std::string& document) {
  try {
    std::string all;
    for (const auto& key : keys_of_jwks(document)) all += key.id() + " " + std::string(key.algorithm()) + ",";
    return all;
  } catch (const std::runtime_error& failure) {
    return failure.what();
  }
}

TEST(Jwks, GivesTheKeysThatCanVerify) {
  EXPECT_EQ(keys_in(set_of(rsa_jwk("a") + "," + ec_jwk("b", R"(,"use":"sig","alg":"ES256")"))), "a RS256,b ES256,");
  EXPECT_EQ(
      keys_in(set_of(ec_jwk("b") + "," + rsa_jwk("enc", R"(,"use":"enc")") + "," + rsa_jwk("ps", R"(,"alg":"PS256")") +
                     R"(,{"kty":"oct","k":"AAAA","kid":"c"})" + R"(,{"kty":"OKP","crv":"Ed25519","x":"AA"})")),
      "b ES256,");
}

TEST(Jwks, ThatAreNoneOrUnfitAreRefused) {
  for (const char* wrong : {"", "{}", "[]", R"({"keys":{}})", R"({"keys":[1]})"})
    EXPECT_EQ(keys_in(wrong), "is not a JWKS document") << wrong;
  EXPECT_EQ(keys_in(set_of("")), "holds no key for RS256 or ES256");
  EXPECT_EQ(keys_in(set_of(ec_jwk("b") + "," + ec_jwk("b"))), "two keys have one id");
  EXPECT_EQ(keys_in(set_of(ec_jwk("b", R"(,"d":"AA")"))), "holds a private key");
  EXPECT_EQ(keys_in(set_of(ec_jwk(std::string(129, 'k')))), "a key id is longer than 128 bytes");
  std::string many;
  for (int i = 0; i < 32; ++i) many += (i == 0 ? "" : ",") + ec_jwk(std::to_string(i));
  EXPECT_THAT(keys_in(set_of(many)), HasSubstr("31 ES256"));
  EXPECT_EQ(keys_in(set_of(many + "," + ec_jwk("x"))), "there are more than 32 keys");
}

TEST(Jwks, WeakAndFalseKeysAreNoKeys) {
  const JwtMaker weak(JwtMaker::Kind::rsa1024);
  EXPECT_EQ(keys_in(set_of(R"({"kty":"RSA","n":")" + weak.number("n") + R"(","e":"AQAB"})")),
            "holds no key for RS256 or ES256");
  const std::string zero = crypto::to_base64url(std::vector<std::uint8_t>(32));
  EXPECT_EQ(keys_in(set_of(R"({"kty":"EC","crv":"P-256","x":")" + zero + R"(","y":")" + zero + R"("})")),
            "holds no key for RS256 or ES256")
      << "a point that is not on the curve";
  EXPECT_FALSE(crypto::public_key_from_pem(JwtMaker(JwtMaker::Kind::p384).public_pem()));
  EXPECT_FALSE(crypto::public_key_from_pem(weak.public_pem()));
  EXPECT_FALSE(crypto::public_key_from_pem(ec.private_pem()));
  EXPECT_FALSE(crypto::public_key_from_pem("nonsense"));
}

class KeyFiles : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& content) { std::ofstream(folder.path() / name) << content; }
  std::string path(const std::string& name) { return (folder.path() / name).string(); }
  std::string fault(const std::string& name) {
    try {
      load_jwt_keys(path(name));
      return "";
    } catch (const std::runtime_error& failure) {
      return failure.what();
    }
  }
  test::TemporaryFolder folder;
  test::ManualClock clock;
};

TEST_F(KeyFiles, OfAFolderAreNamedByTheirFiles) {
  write("one.pem", rsa.public_pem());
  write("two.pem", ec.public_pem());
  write("notes.txt", "nothing");
  const auto keys = load_jwt_keys(folder.path().string());
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].id(), "one");
  EXPECT_EQ(keys[1].algorithm(), "ES256");
  EXPECT_EQ(load_jwt_keys(path("two.pem")).at(0).id(), "two");
  write("three.pem", ec.private_pem());
  EXPECT_THAT(fault(""), HasSubstr("three.pem is not a public key"));
}

TEST_F(KeyFiles, ThatCannotBeReadAreNamed) {
  EXPECT_THAT(fault("absent"), HasSubstr("identity.jwt_keys: " + path("absent")));
  EXPECT_THAT(fault(""), HasSubstr("holds no .pem file"));
  write("large", std::string(256 * 1024 + 1, ' '));
  EXPECT_THAT(fault("large"), HasSubstr("larger than 256 KiB"));
  write("jwks", set_of(ec_jwk("b")));
  EXPECT_EQ(fault("jwks"), "");
}

TEST_F(KeyFiles, AreReadAnewAndStayWhenTheNewOnesAreNoGood) {
  write("keys", set_of(ec_jwk("old")));
  JwtVerifier verifier(path("keys"), {"iss", "aud"}, clock);
  const auto answer = [&](const std::string& id) {
    const auto judged = verifier.verify(ec.token(R"({"alg":"ES256","kid":")" + id + "\"}", "{}"));
    return std::get<JwtRefusal>(judged).why;
  };
  EXPECT_EQ(answer("old"), "it is of another issuer") << "the signature was good";
  write("keys", set_of(ec_jwk("new")));
  verifier.reload();
  EXPECT_EQ(answer("old"), "its key is not known");
  EXPECT_EQ(answer("new"), "it is of another issuer");
  write("keys", "{}");
  EXPECT_THROW(verifier.reload(), std::runtime_error);
  EXPECT_EQ(answer("new"), "it is of another issuer");
}

TEST_F(KeyFiles, WithoutAPathNoTokenIsAccepted) {
  const JwtVerifier verifier("", {}, clock);
  EXPECT_EQ(std::get<JwtRefusal>(verifier.verify("a.b.c")).why, "no keys are configured");
}

}  // namespace
}  // namespace opi::identity
