#include "secrets/signing_key.hpp"

#include <cstring>
#include <string_view>

#include "crypto/digest.hpp"

namespace opi::secrets {
namespace {

constexpr std::string_view prefix = "whsec_";

}  // namespace

SigningKey::SigningKey(const Secret& secret) {
  const auto bytes = secret.reveal();
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (!text.starts_with(prefix)) {
    key_ = bytes;
    return;
  }
  const auto encoded = text.substr(prefix.size());
  // In memory of its own from the start, so that what was decoded of a text that turns out to be no key is wiped, too.
  decoded_.resize(crypto::base64_capacity(encoded));
  if (const auto size = crypto::decode_base64(encoded, decoded_)) key_ = std::span(decoded_).first(*size);
}

SigningKey::~SigningKey() {
  if (!decoded_.empty()) ::explicit_bzero(decoded_.data(), decoded_.size());
}

}  // namespace opi::secrets
