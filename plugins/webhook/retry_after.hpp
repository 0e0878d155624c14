#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace opi::webhook {

// The wait that a Retry-After value asks for (RFC 9110 section 10.2.3): seconds, or an HTTP date in any of its three
// forms relative to now. A date in the past is zero; malformed values are nullopt; at most 30 days.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, std::uint64_t now_unix_ms);

}  // namespace opi::webhook
