#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "secrets/secret.hpp"

namespace opi::secrets {

// The purpose of a destination's secrets that sign, whatever its adapter.
inline constexpr std::string_view signing_purpose = "signing";

// The one reading of a secret as the key of a MAC, in the open while this object lives:
//  - "whsec_" and standard base64, padded or not, of at least one byte: what it decodes to. Base64url, bits that are
//    left over, blanks and line breaks make it no key; receivers' libraries would each make another of it, or none.
//  - any other text that is not empty: its bytes.
// docs/webhook.md tells which of these receivers read alike.
class SigningKey {
 public:
  explicit SigningKey(const Secret& secret);
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  // Empty if the secret is no key, and then nothing can be signed with it.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return key_; }

 private:
  std::vector<std::uint8_t> decoded_;
  std::span<const std::uint8_t> key_;
};

// Of a secret that is no key, for people: what it should be.
inline constexpr const char* not_a_signing_key =
    "the secret is not a key: whsec_ must be followed by standard base64 of at least one byte";

}  // namespace opi::secrets
