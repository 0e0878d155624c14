#include "secrets/signing_key.hpp"

#include <algorithm>
#include <cstring>

#include "crypto/digest.hpp"

namespace opi::secrets {
namespace {

constexpr std::string_view mac_prefix = "whsec_", private_prefix = "whsk_";
constexpr std::size_t seed_bytes = 32;

// Seed and public key that do not belong together are two keys: which of them is meant, nobody can tell.
std::optional<crypto::Ed25519Key> private_key_of(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != seed_bytes && bytes.size() != 2 * seed_bytes) return std::nullopt;
  auto key = crypto::Ed25519Key::from_seed(bytes.first<seed_bytes>());
  if (bytes.size() > seed_bytes && !std::ranges::equal(key.public_key(), bytes.subspan(seed_bytes)))
    return std::nullopt;
  return key;
}

}  // namespace

SigningKey::SigningKey(const Secret& secret) {
  const auto bytes = secret.reveal();
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (text.starts_with(private_prefix)) {
    private_ = private_key_of(decoded(text.substr(private_prefix.size())));
  } else if (text.starts_with(mac_prefix)) {
    prefixed_ = true;
    mac_ = decoded(text.substr(mac_prefix.size()));
  } else {
    mac_ = bytes;
  }
}

SigningKey::~SigningKey() {
  if (!decoded_.empty()) ::explicit_bzero(decoded_.data(), decoded_.size());
}

std::span<const std::uint8_t> SigningKey::decoded(std::string_view encoded) {
  // In memory of its own from the start, so that what was decoded of a text that turns out to be no key is wiped, too.
  decoded_.resize(crypto::base64_capacity(encoded));
  const auto size = crypto::decode_base64(encoded, decoded_);
  return size ? std::span<const std::uint8_t>(decoded_).first(*size) : std::span<const std::uint8_t>{};
}

std::string SigningKey::warning() const {
  if (mac_.empty()) return {};
  std::string warning;
  if (mac_.size() < least_mac_key_bytes || mac_.size() > most_mac_key_bytes)
    warning = "the key has " + std::to_string(mac_.size()) + " bytes; Standard Webhooks asks for " +
              std::to_string(least_mac_key_bytes) + " to " + std::to_string(most_mac_key_bytes);
  if (!prefixed_) {
    warning += warning.empty() ? "" : "; ";
    warning += "the secret does not begin with whsec_: receivers' libraries read another key out of it, or none";
  }
  return warning;
}

std::string public_key_text(const crypto::Ed25519PublicKey& key) { return "whpk_" + crypto::to_base64(key); }

}  // namespace opi::secrets
