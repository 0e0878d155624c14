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
//   bearer and basic credentials; well-known key shapes (whsec_, whsk_, JWT, AWS, GitHub, Slack, Stripe, private
//     key blocks); user information in URLs.
// Invalid bytes become U+FFFD, control characters a space. A cut is marked by a final "…".
// Works on at most the first 16 KiB of the text. Pure.
std::string redact(std::string_view text, std::size_t limit = summary_characters);

}  // namespace opi
