#include "receiver/signature_check.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/digest.hpp"

namespace opi::receiver {
namespace {

bool within(std::string_view timestamp, std::chrono::seconds now, std::chrono::seconds window) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  if (error != std::errc{} || end != timestamp.data() + timestamp.size()) return false;
  // Compared without subtracting: a timestamp may be any 64-bit number.
  return seconds >= (now - window).count() && seconds <= (now + window).count();
}

bool any_key_signs(std::span<const Key> keys, const std::string& content, std::span<const std::uint8_t> mac) {
  return std::ranges::any_of(
      keys, [&](const Key& key) { return crypto::equal_constant_time(crypto::hmac_sha256(key, content), mac); });
}

bool any_key_verifies(std::span<const crypto::Ed25519PublicKey> keys, const std::string& content,
                      std::string_view token) {
  const auto bytes = crypto::from_base64(token);
  crypto::Ed25519Signature signature{};
  if (!bytes || bytes->size() != signature.size()) return false;
  std::ranges::copy(*bytes, signature.begin());
  return std::ranges::any_of(keys, [&](const auto& key) { return crypto::verify_ed25519(key, content, signature); });
}

bool standard_holds(const SignedMessage& message, std::span<const Key> keys,
                    std::span<const crypto::Ed25519PublicKey> public_keys) {
  std::string content;
  content.append(message.id).append(".").append(message.timestamp).append(".").append(message.body);
  std::string_view tokens = message.signature;
  while (!tokens.empty()) {
    const auto space = std::min(tokens.find(' '), tokens.size());
    const auto token = tokens.substr(0, space);
    tokens.remove_prefix(std::min(space + 1, tokens.size()));
    if (token.starts_with("v1a,") && any_key_verifies(public_keys, content, token.substr(4))) return true;
    if (!token.starts_with("v1,")) continue;  // another scheme's
    const auto mac = crypto::from_base64(token.substr(3));
    if (mac && any_key_signs(keys, content, *mac)) return true;
  }
  return false;
}

bool oneprotect_holds(const SignedMessage& message, std::span<const Key> keys) {
  std::string content;
  content.append(message.oneprotect_timestamp).append(".").append(message.body);
  const auto mac = crypto::from_hex(message.oneprotect_signature);
  return mac && any_key_signs(keys, content, *mac);
}

}  // namespace

std::optional<Key> parse_secret(std::string_view text) {
  constexpr std::string_view prefix = "whsec_";
  if (!text.starts_with(prefix)) return std::nullopt;
  auto key = crypto::from_base64(text.substr(prefix.size()));
  if (!key || key->size() < 24 || key->size() > 64) return std::nullopt;
  return key;
}

std::optional<crypto::Ed25519PublicKey> parse_public_key(std::string_view text) {
  constexpr std::string_view prefix = "whpk_";
  if (!text.starts_with(prefix)) return std::nullopt;
  const auto bytes = crypto::from_base64(text.substr(prefix.size()));
  crypto::Ed25519PublicKey key{};
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::ranges::copy(*bytes, key.begin());
  return key;
}

SignatureVerdict check_signature(const SignedMessage& message, std::span<const Key> keys, std::chrono::seconds unix_now,
                                 std::chrono::seconds window, std::span<const crypto::Ed25519PublicKey> public_keys) {
  const bool standard = !message.signature.empty();
  const bool oneprotect = !message.oneprotect_signature.empty();
  if (!standard && !oneprotect) return SignatureVerdict::missing;
  if (standard && (message.id.empty() || !standard_holds(message, keys, public_keys))) return SignatureVerdict::bad;
  if (oneprotect && !oneprotect_holds(message, keys)) return SignatureVerdict::bad;
  if (standard && !within(message.timestamp, unix_now, window)) return SignatureVerdict::outside_window;
  if (oneprotect && !within(message.oneprotect_timestamp, unix_now, window)) return SignatureVerdict::outside_window;
  return SignatureVerdict::good;
}

}  // namespace opi::receiver
