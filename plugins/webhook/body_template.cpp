#include "body_template.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "json_slice.hpp"

namespace opi::webhook {
namespace {

using sdk::Delivery;
using sdk::Failure;

constexpr std::array<std::pair<std::string_view, std::string_view (Delivery::*)() const>, 13> fields{{
    {"event_id", &Delivery::event_id},
    {"event_type", &Delivery::event_type},
    {"schema_version", &Delivery::schema_version},
    {"tenant_id", &Delivery::tenant_id},
    {"source", &Delivery::source},
    {"timestamp", &Delivery::timestamp},
    {"correlation_id", &Delivery::correlation_id},
    {"causation_id", &Delivery::causation_id},
    {"alert_id", &Delivery::alert_id},
    {"evidence_id", &Delivery::evidence_id},
    {"ticket_id", &Delivery::ticket_id},
    {"delivery_id", &Delivery::delivery_id},
    {"idempotency_key", &Delivery::idempotency_key},
}};

[[noreturn]] void fail(std::size_t at, const std::string& what) {
  throw Failure(OPI_E_INVALID, "template: at byte " + std::to_string(at) + ": " + what);
}

bool is_path_part(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Whether a JSON string is open after `literal`, if `open` said so before it.
bool string_open_after(std::string_view literal, bool open) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (open && literal[i] == '\\') {
      ++i;
    } else if (literal[i] == '"') {
      open = !open;
    }
  }
  return open;
}

}  // namespace

BodyTemplate::Part BodyTemplate::placeholder(std::string_view name, std::size_t at) {
  Part part;
  part.name = name;
  for (const auto& [field, getter] : fields)
    if (name == field) return part.field = getter, part;
  if (name != "payload" && !name.starts_with("payload."))
    fail(at, "\"" + std::string(name.substr(0, 64)) + "\" is not a known name");
  for (auto rest = name.substr(std::min(name.size(), std::size_t{8})); !rest.empty();) {
    const auto dot = std::min(rest.find('.'), rest.size());
    if (!is_path_part(rest.substr(0, dot)) || dot + 1 == rest.size())
      fail(at, "the path after \"payload.\" is malformed");
    if (part.path.size() == max_path) fail(at, "the path is deeper than " + std::to_string(max_path));
    part.path.emplace_back(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  if (name.starts_with("payload.") && part.path.empty()) fail(at, "the path after \"payload.\" is empty");
  return part;
}

BodyTemplate::BodyTemplate(std::string_view text, Missing missing) : missing_(missing) {
  std::string shape;  // the template with empty values: must be JSON
  bool open = false;
  for (std::size_t at = 0;;) {
    const auto start = std::min(text.find("{{", at), text.size());
    const auto literal = text.substr(at, start - at);
    open = string_open_after(literal, open);
    shape += literal;
    if (start == text.size()) {
      parts_.push_back({.literal = std::string(literal), .name = {}, .path = {}});
      break;
    }
    const auto end = text.find("}}", start);
    if (end == std::string_view::npos) fail(start, "\"{{\" is not closed");
    if (parts_.size() == max_placeholders)
      fail(start, "more than " + std::to_string(max_placeholders) + " placeholders");
    auto part = placeholder(text.substr(start + 2, end - start - 2), start);
    part.literal = literal;
    part.in_string = open;
    parts_.push_back(std::move(part));
    if (!open) shape += "null";
    at = end + 2;
  }
  boost::json::stream_parser parser;
  boost::system::error_code error;
  parser.write(shape, error);
  if (!error) parser.finish(error);
  if (error) throw Failure(OPI_E_INVALID, "template: is not JSON around its placeholders: " + error.message());
}

void BodyTemplate::append(std::string& out, const Part& part, const Delivery& delivery) const {
  JsonSlice value;
  if (part.field != nullptr) {
    if (const auto text = (delivery.*part.field)(); !text.empty()) {
      if (!part.in_string) out += '"';
      append_escaped(out, text);
      if (!part.in_string) out += '"';
      return;
    }
  } else if (const auto found = find_value(delivery.payload(), part.path)) {
    value = *found;
  }
  if (value.kind == JsonKind::null) {
    if (missing_ == Missing::error)
      throw Failure(OPI_E_INVALID, "template: {{" + part.name + "}} has no value in this event");
    if (!part.in_string) out += "null";
  } else if (!part.in_string) {
    out += value.text;
  } else if (value.kind == JsonKind::string) {
    out += value.text.substr(1, value.text.size() - 2);  // is escaped already
  } else {
    append_escaped(out, value.text);
  }
}

std::string BodyTemplate::render(const Delivery& delivery) const {
  std::string out;
  for (const auto& part : parts_) {
    out += part.literal;
    if (!part.name.empty()) append(out, part, delivery);
  }
  return out;
}

}  // namespace opi::webhook
