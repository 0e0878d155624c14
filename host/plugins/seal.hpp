#pragma once
#include <string_view>

namespace opi::plugins {

// Whether a plugin file ends with a seal (sdk/cmake/opi_seal.cmake) that does not match the rest of it. A file without
// a seal has none that could be broken. Not a protection against intent: trust is a later stage.
bool has_broken_seal(std::string_view bytes);

}  // namespace opi::plugins
