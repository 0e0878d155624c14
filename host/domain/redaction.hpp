#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace opi {

inline constexpr std::size_t summary_characters = 512;

// Foreign text made fit to store and show: at most `limit` characters of valid UTF-8 on one line, with
// everything that looks like a secret replaced by "[redacted]":
//   values of fields named like secrets (password, token, secret, api key, authorization, cookie, signature …)
//     in JSON, form, query, header and key=value notation;
//   bearer and basic credentials; well-known key shapes (opi_, whsec_, whsk_, JWT, AWS, GitHub, Slack, Stripe, private
//     key blocks); user information in URLs.
// Invalid bytes become U+FFFD, control characters and those that turn the direction of text a space. A cut is marked by
// a final "…". Works on at most the first 16 KiB of the text. Pure.
std::string redact(std::string_view text, std::size_t limit = summary_characters);

// Whether a field of this name holds a secret, as redact() has it.
bool names_secret(std::string_view name);

// The same for a text about secrets, in which a value may stand without a name: also replaces runs of letters, digits
// and the signs of base64 that people do not write, such as those of 16 or more with digits, upper and lower case.
std::string redact_strictly(std::string_view text, std::size_t limit = summary_characters);

}  // namespace opi
