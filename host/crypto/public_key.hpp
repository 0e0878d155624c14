#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace opi::crypto {

enum class KeyKind { rsa, ec_p256 };

// A public key that signatures are verified with: RSA of 2048 to 8192 bits, or on the curve P-256.
struct PublicKey {
  KeyKind kind = KeyKind::rsa;
  std::string pem;  // SubjectPublicKeyInfo
};

// All answer nullopt for what is no such key; a private key or a certificate is none. Pure.
std::optional<PublicKey> public_key_from_pem(std::string_view pem);
std::optional<PublicKey> rsa_public_key(std::span<const std::uint8_t> modulus, std::span<const std::uint8_t> exponent);
std::optional<PublicKey> ec_p256_public_key(std::span<const std::uint8_t> x, std::span<const std::uint8_t> y);

}  // namespace opi::crypto
