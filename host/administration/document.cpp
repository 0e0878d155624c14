#include "administration/document.hpp"

#include <boost/json/parse.hpp>

#include "delivery/json_text.hpp"

namespace opi::administration {

namespace json = boost::json;

constexpr std::size_t max_depth = 32;

std::variant<json::object, std::vector<delivery::FieldError>> parse_document(std::string_view text) {
  using Errors = std::vector<delivery::FieldError>;
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code failure;
  json::value value = json::parse({text.data(), text.size()}, failure, {}, options);
  if (failure) return Errors{{"", "is not valid JSON: " + failure.message()}};
  auto* object = value.if_object();
  if (object == nullptr) return Errors{{"", "must be a JSON object"}};
  if (delivery::member_count(text) != object->size()) return Errors{{"", "names a member twice"}};
  return std::move(*object);
}

}  // namespace opi::administration
