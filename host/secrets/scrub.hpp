#pragma once
#include <span>
#include <string>

#include "secrets/secret_set.hpp"

namespace opi::secrets {

// Replaces every occurrence of a secret's value, of what was sent with it (SecretSet::sent), and of the values in
// `more` in `text` by "[redacted]": a webhook secret also without its "whsec_" prefix and as the key that follows that;
// all of them as they are, in hex, in base64 and base64url wherever they stand in what was encoded (also without two
// bytes at either end, as a cut at groups of four leaves them), and all of that behind up to four layers of JSON's
// escapes, HTML's character references and percent-encoding. Values shorter than 6 bytes are left, for they would blank
// out ordinary words, unless they were sent: then they are blanked where they stand as words. Linear in the text for
// each value.
void scrub(std::string& text, const SecretSet& secrets, std::span<const std::string> more = {});

}  // namespace opi::secrets
