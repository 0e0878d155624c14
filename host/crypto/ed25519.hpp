#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opi::crypto {

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

// A private key (RFC 8032). Its bytes stay inside OpenSSL, which wipes them. Immutable, thread-safe.
class Ed25519Key {
 public:
  static Ed25519Key generate();
  // nullopt unless `pem` is an unencrypted PKCS #8 Ed25519 private key.
  static std::optional<Ed25519Key> from_pem(std::string_view pem);
  // The key of a seed (RFC 8032, section 5.1.5): any 32 bytes are one.
  static Ed25519Key from_seed(std::span<const std::uint8_t, 32> seed);

  [[nodiscard]] std::string to_pem() const;  // the private key: for its file and nothing else
  [[nodiscard]] Ed25519PublicKey public_key() const;
  [[nodiscard]] Ed25519Signature sign(std::string_view message) const;

 private:
  explicit Ed25519Key(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // EVP_PKEY
};

// A public key as people hand it on: 64 hex digits, base64 of its 32 bytes, or a PEM of its SubjectPublicKeyInfo;
// blanks around it count for nothing. nullopt for anything else, private keys above all. Pure.
std::optional<Ed25519PublicKey> ed25519_public_key(std::string_view text);

bool verify_ed25519(const Ed25519PublicKey& key, std::string_view message, const Ed25519Signature& signature);

}  // namespace opi::crypto
