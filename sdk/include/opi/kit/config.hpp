#pragma once
#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <opi/plugin.hpp>
#include <string>
#include <string_view>
#include <vector>

// Reads a destination's configuration. The host has checked it against the manifest's schema; what is read here still
// names its field when it is of the wrong kind. Everything throws sdk::Failure.
namespace opi::kit {

[[noreturn]] inline void wrong(std::string_view field, std::string_view why) {
  throw sdk::Failure(OPI_E_INVALID, std::string(field) + ": " + std::string(why));
}

inline boost::json::object parse_config_object(std::string_view text) {
  boost::system::error_code error;
  auto parsed = boost::json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) throw sdk::Failure(OPI_E_INVALID, "the configuration is not a JSON object");
  return std::move(parsed.get_object());
}

inline std::string text(const boost::json::object& object, std::string_view field, std::string_view otherwise = {}) {
  const auto* const value = object.if_contains({field.data(), field.size()});
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) wrong(field, "is not a string");
  return std::string(value->get_string());
}

inline std::string required_text(const boost::json::object& object, std::string_view field) {
  auto value = text(object, field);
  if (value.empty()) wrong(field, "is required");
  return value;
}

// One of the given words; the first is the default.
inline std::string one_of(const boost::json::object& object, std::string_view field,
                          std::initializer_list<std::string_view> words) {
  const auto value = text(object, field, *words.begin());
  for (const auto word : words)
    if (value == word) return value;
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  wrong(field, "is not one of " + list);
}

inline bool flag(const boost::json::object& object, std::string_view field, bool otherwise) {
  const auto* const value = object.if_contains({field.data(), field.size()});
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) wrong(field, "is not true or false");
  return value->get_bool();
}

inline std::int64_t number(const boost::json::object& object, std::string_view field, std::int64_t otherwise) {
  const auto* const value = object.if_contains({field.data(), field.size()});
  if (value == nullptr) return otherwise;
  if (!value->is_int64()) wrong(field, "is not a whole number");
  return value->get_int64();
}

// A whole number, not below zero, that is written in digits; `field` is what a failure calls it.
inline std::int64_t whole_number(std::string_view digits, std::string_view field) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.starts_with('-'))
    wrong(field, "\"" + std::string(digits.substr(0, 64)) + "\" is not a whole number");
  return out;
}

// An object of the configuration; empty if absent.
inline boost::json::object object_at(const boost::json::object& object, std::string_view field) {
  const auto* const value = object.if_contains({field.data(), field.size()});
  if (value == nullptr) return {};
  if (!value->is_object()) wrong(field, "is not an object");
  return value->get_object();
}

// The object `fields`, values that a receiver's ticket gets as they are. Those that the adapter sets itself are
// refused.
inline boost::json::object extra_fields(const boost::json::object& object,
                                        std::initializer_list<std::string_view> set_by_adapter) {
  auto fields = object_at(object, "fields");
  for (const auto name : set_by_adapter)
    if (fields.contains({name.data(), name.size()}))
      wrong("fields", "has \"" + std::string(name) + "\", which the adapter sets");
  return fields;
}

// A list of strings; empty if absent.
inline std::vector<std::string> texts(const boost::json::object& object, std::string_view field) {
  const auto* const value = object.if_contains({field.data(), field.size()});
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (!value->is_array()) wrong(field, "is not a list");
  for (const auto& each : value->get_array()) {
    if (!each.is_string()) wrong(field, "has an element that is not a string");
    out.emplace_back(each.get_string());
  }
  return out;
}

}  // namespace opi::kit
