#pragma once
#include <span>
#include <string>

#include "secrets/secret_set.hpp"

namespace opi::secrets {

// Replaces every occurrence of a secret's value, and of those in `more`, in `text` by "[redacted]": as it is, without
// its "whsec_" prefix, as the key that follows that prefix, and each in hex, percent-encoded, with JSON's escaped
// slashes, and in base64 and base64url wherever it stands in what was encoded. Values shorter than 6 bytes are left:
// they would blank out ordinary words.
void scrub(std::string& text, const SecretSet& secrets, std::span<const std::string> more = {});

}  // namespace opi::secrets
