#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "domain/clock.hpp"

namespace opi {

// RFC 3339 in UTC with milliseconds: "2026-11-23T15:04:05.123Z".
std::string to_rfc3339(UnixTime time);

// RFC 3339 with any zone; what is finer than a millisecond is cut off. nullopt for anything else.
std::optional<UnixTime> parse_rfc3339(std::string_view text);

}  // namespace opi
