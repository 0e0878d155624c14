#include "secrets/signing_key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace opi::secrets {
namespace {

// What a MAC would be made with; "" if nothing can be.
std::string key_of(std::string_view text) {
  const Secret secret(text);
  const SigningKey key(secret);
  return {key.bytes().begin(), key.bytes().end()};
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
    EXPECT_EQ(key_of(text), "") << '"' << text << '"';
}

}  // namespace
}  // namespace opi::secrets
