#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.hpp"
#include "secrets/secret.hpp"

namespace opi::secrets {

// The purpose of a destination's secrets that sign, whatever its adapter.
inline constexpr std::string_view signing_purpose = "signing";

// How long the key of a MAC should be, by Standard Webhooks. Others sign as well, and are warned of.
inline constexpr std::size_t least_mac_key_bytes = 24, most_mac_key_bytes = 64;

// The one reading of a secret as a key to sign with, in the open while this object lives. Its form says which:
//  - "whsk_" and standard base64 of an Ed25519 seed (32 bytes), or of seed and public key (64 bytes) that belong
//    together: that private key.
//  - "whsec_" and standard base64, padded or not, of at least one byte: the key of a MAC that it decodes to.
//  - any other text that is not empty: the key of a MAC that its bytes are.
// What begins like a key and is not written so is none: base64url, bits that are left over, blanks and line breaks are
// what receivers' libraries would each make another key of, or none. docs/webhook.md tells what they read alike.
class SigningKey {
 public:
  explicit SigningKey(const Secret& secret);
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  // False: nothing can be signed with it.
  [[nodiscard]] bool is_key() const { return private_ || !mac_.empty(); }
  // The key of a MAC; empty if it is none.
  [[nodiscard]] std::span<const std::uint8_t> mac_key() const { return mac_; }
  // Nullptr if it is none.
  [[nodiscard]] const crypto::Ed25519Key* private_key() const { return private_ ? &*private_ : nullptr; }
  // What people should know of a key that signs all the same; empty: nothing.
  [[nodiscard]] std::string warning() const;

 private:
  // What the base64 stands for, in memory that is wiped; empty if it is no base64.
  std::span<const std::uint8_t> decoded(std::string_view encoded);

  bool prefixed_ = false;
  std::vector<std::uint8_t> decoded_;
  std::span<const std::uint8_t> mac_;
  std::optional<crypto::Ed25519Key> private_;
};

// "whpk_" and base64: how Standard Webhooks writes a public key. Pure.
std::string public_key_text(const crypto::Ed25519PublicKey& key);

// Of a secret that is no key, for people: what it should be.
inline constexpr const char* not_a_signing_key =
    "the secret is not a key: whsec_ must be followed by standard base64 of at least one byte, whsk_ by that of an "
    "Ed25519 seed of 32 bytes, alone or with its public key";
// Of a private key where receiver and sender share theirs.
inline constexpr const char* not_a_mac_key =
    "the secret is an Ed25519 private key (whsk_), and what is signed with here is a key that the receiver has, too";

}  // namespace opi::secrets
