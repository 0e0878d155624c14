#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Digests and encodings over OpenSSL's libcrypto. All functions are pure and thread-safe; they throw
// std::runtime_error only if OpenSSL itself fails.
namespace opi::crypto {

using Bytes32 = std::array<std::uint8_t, 32>;

Bytes32 sha256(std::string_view data);
Bytes32 hmac_sha256(std::span<const std::uint8_t> key, std::string_view data);
bool equal_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

std::string to_hex(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);
std::string to_base64(std::span<const std::uint8_t> bytes);                   // RFC 4648 section 4, padded
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);  // padded or not
// Into memory of the caller's, for texts that are secret: at least base64_capacity(text) bytes. How many were written;
// nullopt if it is no base64, whatever was written by then.
constexpr std::size_t base64_capacity(std::string_view text) { return text.size() / 4 * 3 + 2; }
std::optional<std::size_t> decode_base64(std::string_view text, std::span<std::uint8_t> out);  // padded or not
std::string to_base64url(std::span<const std::uint8_t> bytes);                                 // section 5, unpadded
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);  // unpadded, one form per value

}  // namespace opi::crypto
