#pragma once
#include <boost/json/object.hpp>
#include <string_view>
#include <variant>
#include <vector>

#include "delivery/envelope.hpp"

namespace opi::administration {

// Reads a JSON document that must be an object, of at most 32 levels, that names no member of its own twice. Pure.
std::variant<boost::json::object, std::vector<delivery::FieldError>> parse_document(std::string_view text);

}  // namespace opi::administration
