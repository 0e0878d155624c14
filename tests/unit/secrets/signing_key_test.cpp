#include "secrets/signing_key.hpp"

#include <gtest/gtest.h>

#include <string>

#include "crypto/digest.hpp"

namespace opi::secrets {
namespace {

// What a MAC would be made with; "" if nothing can be.
std::string key_of(std::string_view text) {
  const Secret secret(text);
  const SigningKey key(secret);
  return {key.mac_key().begin(), key.mac_key().end()};
}

TEST(SigningKey, IsWhatTheBase64BehindThePrefixDecodesTo) {
  EXPECT_EQ(key_of("whsec_Zm9vYmFyYmF6"), "foobarbaz");
  EXPECT_EQ(key_of("whsec_Zm9vYmE="), "fooba");
  EXPECT_EQ(key_of("whsec_Zm9vYmE"), "fooba") << "unpadded, as some stores hand it out";
  EXPECT_EQ(key_of("whsec_Zg=="), "f") << "the least";
}

TEST(SigningKey, OfAnyOtherTextIsItsBytes) {
  EXPECT_EQ(key_of("k3y"), "k3y");
  EXPECT_EQ(key_of("Zm9vYmE="), "Zm9vYmE=");
  EXPECT_EQ(key_of("WHSEC_Zm9v"), "WHSEC_Zm9v");
}

TEST(SigningKey, IsNoneIfLibrariesWouldEachReadAnotherOrNone) {
  // Nothing at all or behind the prefix, base64url, leftover bits, blanks, line's end, padding that is wrong.
  for (const char* text : {"", "whsec_", "whsec_====", "whsec_-_-_", "whsec_Zm9vYm_=", "whsec_Zm9vYmF=", "whsec_Zh==",
                           "whsec_Zm9v ", "whsec_ Zm9v", "whsec_Zm9v\n", "whsec_Z", "whsec_Zm9v=", "whsec_whsec_Zm9v"})
    EXPECT_FALSE(SigningKey(Secret(text)).is_key()) << '"' << text << '"';
}

// RFC 8032, section 7.1, test 1.
constexpr const char* seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr const char* public_half = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

std::string whsk(const std::string& hex) { return "whsk_" + crypto::to_base64(crypto::from_hex(hex).value()); }

TEST(SigningKey, BehindItsPrefixASeedAloneOrWithItsPublicKeyIsAPrivateKey) {
  for (const auto& text : {whsk(seed), whsk(std::string(seed) + public_half)}) {
    const Secret secret(text);
    const SigningKey key(secret);
    ASSERT_NE(key.private_key(), nullptr) << text;
    EXPECT_TRUE(key.is_key());
    EXPECT_TRUE(key.mac_key().empty()) << "it never makes a MAC";
    EXPECT_EQ(crypto::to_hex(key.private_key()->public_key()), public_half);
    EXPECT_EQ(public_key_text(key.private_key()->public_key()), "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    EXPECT_EQ(key.warning(), "");
  }
}

TEST(SigningKey, IsNoneIfItsHalvesDoNotBelongTogetherOrItHasAnotherLength) {
  const std::string other(64, 'a');
  for (const auto& text : {whsk(seed + other), whsk(std::string(seed).substr(2)), whsk(std::string(seed) + "00"),
                           std::string("whsk_"), std::string("whsk_bcUrWCxnFdULeBuDW6zfGe6Z"), whsk(seed) + "\n",
                           whsk(std::string(seed) + public_half + "00")}) {
    const SigningKey key{Secret(text)};
    EXPECT_FALSE(key.is_key()) << text;
    EXPECT_EQ(key.private_key(), nullptr) << text;
  }
}

TEST(SigningKey, WarnsOfLengthsThatTheStandardDoesNotAskForAndOfSecretsThatAreNotWrittenItsWay) {
  const auto warning = [](std::size_t bytes) {
    const Secret secret("whsec_" + crypto::to_base64(std::vector<std::uint8_t>(bytes, 7)));
    return SigningKey(secret).warning();
  };
  EXPECT_EQ(warning(least_mac_key_bytes), "");
  EXPECT_EQ(warning(most_mac_key_bytes), "");
  EXPECT_EQ(warning(least_mac_key_bytes - 1), "the key has 23 bytes; Standard Webhooks asks for 24 to 64");
  EXPECT_EQ(warning(most_mac_key_bytes + 1), "the key has 65 bytes; Standard Webhooks asks for 24 to 64");
  const Secret own(std::string(32, 'x')), shorter("k3y");
  EXPECT_EQ(SigningKey(own).warning(),
            "the secret does not begin with whsec_: receivers' libraries read another key out of it, or none");
  EXPECT_TRUE(SigningKey(shorter).warning().starts_with("the key has 3 bytes; Standard Webhooks asks for 24 to 64; "));
}

}  // namespace
}  // namespace opi::secrets
