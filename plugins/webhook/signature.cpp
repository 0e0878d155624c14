#include "signature.hpp"

#include <cstdint>
#include <span>

namespace opi::webhook {
namespace {

constexpr std::string_view slot = "signing";

std::string hex(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 0x0f];
  }
  return out;
}

// RFC 4648 section 4, padded.
std::string base64(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto left = bytes.size() - i;
    const std::uint32_t group = std::uint32_t{bytes[i]} << 16 | (left > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0u) |
                                (left > 2 ? std::uint32_t{bytes[i + 2]} : 0u);
    out += digits[group >> 18];
    out += digits[group >> 12 & 63];
    out += left > 1 ? digits[group >> 6 & 63] : '=';
    out += left > 2 ? digits[group & 63] : '=';
  }
  return out;
}

std::string joined(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string out;
  out.reserve(a.size() + b.size() + c.size() + 2);
  out.append(a).append(".").append(b);
  if (c.data() != nullptr) out.append(".").append(c);
  return out;
}

void sign_standard(sdk::RequestBuilder& request, const SignedMessage& message) {
  constexpr std::size_t ed25519_bytes = 64;
  std::string tokens;
  const bool is_signed = request.signature(slot, joined(message.id, message.timestamp, message.body),
                                           [&](auto signature, std::string_view) {
                                             if (!tokens.empty()) tokens += ' ';
                                             tokens += signature.size() == ed25519_bytes ? "v1a," : "v1,";
                                             tokens += base64(signature);
                                           });
  if (is_signed) request.header("webhook-signature", tokens);
}

void sign_oneprotect(sdk::RequestBuilder& request, const SignedMessage& message) {
  std::string current, previous;
  const bool is_signed =
      request.hmac_sha256(slot, joined(message.timestamp, message.body), [&](auto mac, std::string_view) {
        if (current.empty()) {
          current = hex(mac);
          return;
        }
        if (!previous.empty()) previous += ' ';
        previous += hex(mac);
      });
  if (!is_signed) return;
  request.header("X-OneProtect-Timestamp", message.timestamp).header("X-OneProtect-Signature", current);
  if (!previous.empty()) request.header("X-OneProtect-Signature-Previous", previous);
}

}  // namespace

void sign(sdk::RequestBuilder& request, Scheme scheme, const SignedMessage& message) {
  switch (scheme) {
    case Scheme::standard_webhooks: return sign_standard(request, message);
    case Scheme::oneprotect_v1: return sign_oneprotect(request, message);
  }
}

}  // namespace opi::webhook
