#pragma once
#include <opi/plugin.hpp>
#include <string>
#include <string_view>

namespace opi::webhook {

// standard_webhooks: https://www.standardwebhooks.com over "id.timestamp.body", one token per live secret: v1a
// (Ed25519) of one that is a private key, v1 (HMAC-SHA256) of any other. oneprotect_v1: hex HMAC-SHA256 over
// "timestamp.body"; the current secret's in X-OneProtect-Signature, those of older live secrets in
// X-OneProtect-Signature-Previous.
enum class Scheme { standard_webhooks, oneprotect_v1 };

struct SignedMessage {
  std::string_view id;         // no dot
  std::string_view timestamp;  // Unix seconds
  std::string_view body;
};

// Adds the scheme's signature headers, made by the host with the secrets of the slot "signing". Adds nothing if there
// is no such credential and the destination may be sent to unsigned. Throws sdk::Failure if no secret is live.
void sign(sdk::RequestBuilder& request, Scheme scheme, const SignedMessage& message);

}  // namespace opi::webhook
