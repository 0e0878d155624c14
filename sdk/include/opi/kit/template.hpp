#pragma once
#include <array>
#include <boost/json.hpp>
#include <opi/plugin.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opi/kit/json_text.hpp"
#include "opi/kit/url.hpp"

namespace opi::kit {

enum class Missing { null, error };
enum class Syntax { json, url };

namespace detail {

using Field = std::string_view (sdk::Delivery::*)() const;
inline constexpr std::array<std::pair<std::string_view, Field>, 13> envelope_fields{{
    {"event_id", &sdk::Delivery::event_id},
    {"event_type", &sdk::Delivery::event_type},
    {"schema_version", &sdk::Delivery::schema_version},
    {"tenant_id", &sdk::Delivery::tenant_id},
    {"source", &sdk::Delivery::source},
    {"timestamp", &sdk::Delivery::timestamp},
    {"correlation_id", &sdk::Delivery::correlation_id},
    {"causation_id", &sdk::Delivery::causation_id},
    {"alert_id", &sdk::Delivery::alert_id},
    {"evidence_id", &sdk::Delivery::evidence_id},
    {"ticket_id", &sdk::Delivery::ticket_id},
    {"delivery_id", &sdk::Delivery::delivery_id},
    {"idempotency_key", &sdk::Delivery::idempotency_key},
}};

inline bool is_path_part(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Whether a JSON string is open after `literal`, if `open` said so before it.
inline bool string_open_after(std::string_view literal, bool open) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (open && literal[i] == '\\') {
      ++i;
    } else if (literal[i] == '"') {
      open = !open;
    }
  }
  return open;
}

}  // namespace detail

// Text with placeholders: {{name}} or {{payload.path.to.0.value}}. Names: the envelope's fields, alert_id, evidence_id,
// ticket_id, delivery_id, idempotency_key, payload with a path of member names (letters, digits, '_', '-') and array
// indices, and the adapter's own. A value that is absent, empty or null is missing. Immutable.
//
// json: inside a string a placeholder becomes the value's text, escaped; elsewhere the value as JSON. So the result is
// JSON whatever the values are. Missing is null (inside a string: nothing), or an error. A literal "{{" is written
// "\u007b{". url: a placeholder becomes the value's text, percent-encoded; missing is an error.
class Template {
 public:
  static constexpr std::size_t max_placeholders = 256, max_path = 16;

  struct Rules {
    Syntax syntax = Syntax::json;
    Missing missing = Missing::null;
    std::string_view field = "template";            // begins the text of a failure
    std::span<const std::string_view> own_names{};  // of the adapter, beside the event's
  };

  // Throws sdk::Failure, which names the byte where the template is wrong.
  Template(std::string_view text, const Rules& rules);

  // `own` are the values of own_names. Throws sdk::Failure, which names a placeholder that must have a value and has
  // none.
  [[nodiscard]] std::string render(const sdk::Delivery& delivery, std::span<const std::string> own = {}) const;

 private:
  struct Part {
    std::string literal;            // stands before the placeholder
    std::string name;               // as written; empty: the template's end
    detail::Field field = nullptr;  // an envelope field
    std::size_t own = 0;            // 1 + index of an own name
    std::string path;               // else into the payload; empty: the whole
    bool in_string = false;
  };

  [[noreturn]] void fail(std::size_t at, const std::string& what) const {
    throw sdk::Failure(OPI_E_INVALID, field_ + ": at byte " + std::to_string(at) + ": " + what);
  }
  [[nodiscard]] Part placeholder(std::string_view name, std::size_t at, std::span<const std::string_view> own) const;
  void append(std::string& out, const Part& part, const sdk::Delivery& delivery,
              std::span<const std::string> own) const;

  std::vector<Part> parts_;
  Syntax syntax_;
  Missing missing_;
  std::string field_;
};

inline Template::Part Template::placeholder(std::string_view name, std::size_t at,
                                            std::span<const std::string_view> own) const {
  Part part;
  part.name = name;
  for (const auto& [field, getter] : detail::envelope_fields)
    if (name == field) return part.field = getter, part;
  for (std::size_t i = 0; i < own.size(); ++i)
    if (name == own[i]) return part.own = i + 1, part;
  if (name != "payload" && !name.starts_with("payload."))
    fail(at, "\"" + std::string(name.substr(0, 64)) + "\" is not a known name");
  if (name == "payload") return part;
  part.path = name.substr(8);
  if (part.path.empty()) fail(at, "the path after \"payload.\" is empty");
  std::size_t steps = 0;
  for (std::string_view rest = part.path; !rest.empty();) {
    const auto dot = std::min(rest.find('.'), rest.size());
    if (!detail::is_path_part(rest.substr(0, dot)) || dot + 1 == rest.size())
      fail(at, "the path after \"payload.\" is malformed");
    if (++steps > max_path) fail(at, "the path is deeper than " + std::to_string(max_path));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return part;
}

inline Template::Template(std::string_view text, const Rules& rules)
    : syntax_(rules.syntax), missing_(rules.missing), field_(rules.field) {
  std::string shape;  // the template with empty values: must be JSON
  bool open = false;
  for (std::size_t at = 0;;) {
    const auto start = std::min(text.find("{{", at), text.size());
    const auto literal = text.substr(at, start - at);
    open = detail::string_open_after(literal, open);
    shape += literal;
    if (start == text.size()) {
      parts_.push_back({.literal = std::string(literal), .name = {}, .path = {}});
      break;
    }
    const auto end = text.find("}}", start);
    if (end == std::string_view::npos) fail(start, "\"{{\" is not closed");
    if (parts_.size() == max_placeholders)
      fail(start, "more than " + std::to_string(max_placeholders) + " placeholders");
    auto part = placeholder(text.substr(start + 2, end - start - 2), start, rules.own_names);
    part.literal = literal;
    part.in_string = open;
    parts_.push_back(std::move(part));
    if (!open) shape += "null";
    at = end + 2;
  }
  if (syntax_ == Syntax::url) return;
  boost::json::stream_parser parser;
  boost::system::error_code error;
  parser.write(shape, error);
  if (!error) parser.finish(error);
  if (error) throw sdk::Failure(OPI_E_INVALID, field_ + ": is not JSON around its placeholders: " + error.message());
}

inline void Template::append(std::string& out, const Part& part, const sdk::Delivery& delivery,
                             std::span<const std::string> own) const {
  const auto missing = [&] {
    return sdk::Failure(OPI_E_INVALID, field_ + ": {{" + part.name + "}} has no value in this event");
  };
  const bool plain = part.field != nullptr || part.own != 0;  // plain text, no JSON yet
  std::string_view text;
  JsonSlice value;
  if (part.field != nullptr) text = (delivery.*part.field)();
  if (part.own != 0) text = own[part.own - 1];
  if (!plain) value = find_value(delivery.payload(), part.path).value_or(JsonSlice{});
  const bool absent = plain ? text.empty() : value.kind == JsonKind::null;

  if (syntax_ == Syntax::url) {
    const auto shown = plain ? std::string(text) : text_of(value);
    if (shown.empty()) throw missing();
    out += percent_encoded(shown);
  } else if (absent) {
    if (missing_ == Missing::error) throw missing();
    if (!part.in_string) out += "null";
  } else if (plain) {
    if (!part.in_string) out += '"';
    append_escaped(out, text);
    if (!part.in_string) out += '"';
  } else if (!part.in_string) {
    out += value.text;
  } else if (value.kind == JsonKind::string) {
    out += value.text.substr(1, value.text.size() - 2);  // is escaped already
  } else {
    append_escaped(out, value.text);
  }
}

inline std::string Template::render(const sdk::Delivery& delivery, std::span<const std::string> own) const {
  std::string out;
  for (const auto& part : parts_) {
    out += part.literal;
    if (!part.name.empty()) append(out, part, delivery, own);
  }
  return out;
}

}  // namespace opi::kit
