#pragma once
#include <cstdint>
#include <vector>

#include "plugins/discovery.hpp"
#include "plugins/manifest.hpp"

namespace opi::plugins {

// What a plugin file says of itself, none of its code run. Why a host that offers this minor version of the ABI must
// not load it is appended to `refused`; the manifest is whole only if nothing is. Never throws for what it finds.
Manifest inspect(const Candidate& candidate, std::uint16_t offered_minor, std::vector<Refusal>& refused);

}  // namespace opi::plugins
