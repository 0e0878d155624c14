#pragma once
#include <string>

#include "secrets/secret_set.hpp"

namespace opi::secrets {

// Replaces every occurrence of a secret's value in `text` by "[redacted]": as it is, and without its
// "whsec_" prefix. Values shorter than 6 bytes are left: they would blank out ordinary words.
void scrub(std::string& text, const SecretSet& secrets);

}  // namespace opi::secrets
