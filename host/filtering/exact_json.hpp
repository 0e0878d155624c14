#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace opi::filtering {

// Reads JSON text with numbers as number_of() reads them and, of members of one name, the last. nullopt if it is not
// JSON, or is nested more than 32 deep. Pure.
std::optional<boost::json::value> exact_json(std::string_view text);

}  // namespace opi::filtering
