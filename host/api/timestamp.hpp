#pragma once
#include <string>

#include "domain/clock.hpp"

namespace opi::api {

// "2026-11-23T15:04:05.123Z"
std::string to_rfc3339(UnixTime time);

}  // namespace opi::api
