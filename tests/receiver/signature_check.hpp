#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.hpp"

namespace opi::receiver {

using Key = std::vector<std::uint8_t>;

// The key of a "whsec_<base64>" secret of 24 to 64 bytes; nullopt if it is malformed.
std::optional<Key> parse_secret(std::string_view text);

// The key of a "whpk_<base64>"; nullopt if it is malformed.
std::optional<crypto::Ed25519PublicKey> parse_public_key(std::string_view text);

// What the signature is read from. Empty: the header is missing.
struct SignedMessage {
  std::string_view id, timestamp, signature;                    // webhook-…
  std::string_view oneprotect_timestamp, oneprotect_signature;  // x-oneprotect-…
  std::string_view body;
};

enum class SignatureVerdict { good, missing, bad, outside_window };

// Verifies Standard Webhooks v1 and v1a (any of the space-separated tokens with any of the keys) and, if its
// headers are there, oneprotect-v1. Every scheme that is present must hold, and one must be present.
// Independent of the code that signs, on purpose. Pure.
SignatureVerdict check_signature(const SignedMessage& message, std::span<const Key> keys, std::chrono::seconds unix_now,
                                 std::chrono::seconds window,
                                 std::span<const crypto::Ed25519PublicKey> public_keys = {});

}  // namespace opi::receiver
