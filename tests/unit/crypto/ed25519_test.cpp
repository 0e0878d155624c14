#include "crypto/ed25519.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::crypto {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> bytes(std::string_view hex) {
  const auto parsed = from_hex(hex).value();
  std::array<std::uint8_t, Size> array{};
  std::copy(parsed.begin(), parsed.end(), array.begin());
  return array;
}

// RFC 8032, section 7.1, tests 1 and 2.
TEST(Ed25519, VerifiesTheVectorsOfItsRfc) {
  const auto key1 = bytes<32>("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  auto signature1 = bytes<64>(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
      "655141438e7a100b");
  EXPECT_TRUE(verify_ed25519(key1, "", signature1));
  EXPECT_FALSE(verify_ed25519(key1, "x", signature1));
  const auto key2 = bytes<32>("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_TRUE(verify_ed25519(
      key2, "r",
      bytes<64>(
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
          "eb4302aeeb00d291612bb0c00")));
  EXPECT_FALSE(verify_ed25519(key2, "", signature1));
}

TEST(Ed25519, AKeySurvivesItsFile) {
  const auto key = Ed25519Key::generate();
  const auto again = Ed25519Key::from_pem(key.to_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_TRUE(verify_ed25519(key.public_key(), "message", again->sign("message")));
  EXPECT_NE(Ed25519Key::generate().public_key(), key.public_key());
}

// RFC 8032, section 7.1, test 2.
TEST(Ed25519, ASeedIsAKey) {
  const auto seed = bytes<32>("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const auto key = Ed25519Key::from_seed(seed);
  EXPECT_EQ(to_hex(key.public_key()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(
      to_hex(key.sign("r")),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
      "eb00d291612bb0c00");
}

TEST(Ed25519, RefusesWhatIsNotItsKey) {
  EXPECT_FALSE(Ed25519Key::from_pem(""));
  EXPECT_FALSE(Ed25519Key::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  // X25519: the same curve, but not for signatures.
  EXPECT_FALSE(
      Ed25519Key::from_pem("-----BEGIN PRIVATE KEY-----\n"
                           "MC4CAQAwBQYDK2VuBCIEIHAqbzNlNXRHcbbMDKXJJNOqj5uKhjJJHDKqxJzmjQRl\n"
                           "-----END PRIVATE KEY-----\n"));
}

TEST(Ed25519, ReadsAPublicKeyInTheFormsThatPeopleHandOn) {
  const std::string hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const auto key = bytes<32>(hex);
  EXPECT_EQ(ed25519_public_key(hex), key);
  EXPECT_EQ(ed25519_public_key("  11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"), key);
  EXPECT_EQ(ed25519_public_key(
                "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END "
                "PUBLIC KEY-----\n"),
            key);
  EXPECT_FALSE(ed25519_public_key(""));
  EXPECT_FALSE(ed25519_public_key(" \n"));
  EXPECT_FALSE(ed25519_public_key(hex.substr(2)));
  EXPECT_FALSE(ed25519_public_key(hex + "00"));
  EXPECT_FALSE(ed25519_public_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
  EXPECT_FALSE(ed25519_public_key(Ed25519Key::generate().to_pem()));  // a private one
}

}  // namespace
}  // namespace opi::crypto
