#include "filtering/exact_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <string>

#include "filtering/number.hpp"

namespace opi::filtering {
namespace {

namespace json = boost::json;
using json::error_code;
using json::string_view;

// Takes the parser's events as Boost.JSON's own does, but for the digits of a number.
struct Handler {
  static constexpr std::size_t max_object_size = json::object::max_size(), max_array_size = json::array::max_size(),
                               max_key_size = json::string::max_size(), max_string_size = json::string::max_size();
  json::value_stack stack;
  std::string digits;  // of a number that comes in parts

  bool on_document_begin(error_code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t members, error_code&) {
    stack.push_object(members);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t elements, error_code&) {
    stack.push_array(elements);
    return true;
  }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_key(string_view last, std::size_t, error_code&) {
    stack.push_key(last);
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(string_view last, std::size_t, error_code&) {
    stack.push_string(last);
    return true;
  }
  bool on_number_part(string_view part, error_code&) {
    digits.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t, string_view last, error_code&) { return on_number(last); }
  bool on_uint64(std::uint64_t, string_view last, error_code&) { return on_number(last); }
  bool on_double(double, string_view last, error_code&) { return on_number(last); }
  bool on_bool(bool value, error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  bool on_number(string_view last) {
    digits.append(last.data(), last.size());
    const auto number = number_of(digits);
    digits.clear();
    if (const auto* whole = number.if_int64()) stack.push_int64(*whole);
    if (const auto* whole = number.if_uint64()) stack.push_uint64(*whole);
    if (const auto* any = number.if_double()) stack.push_double(*any);
    return true;
  }
};

}  // namespace

std::optional<json::value> exact_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = 32;
  json::basic_parser<Handler> parser{options};
  error_code failure;
  const auto read = parser.write_some(false, text.data(), text.size(), failure);
  if (failure || text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) return std::nullopt;
  return parser.handler().stack.release();
}

}  // namespace opi::filtering
