#include "cloud_event.hpp"

#include <algorithm>
#include <opi/kit/json_text.hpp>

namespace opi::webhook {
namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

void append_percent(std::string& out, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  out += '%';
  out += digits[static_cast<unsigned char>(c) >> 4];
  out += digits[c & 0x0f];
}

// Of path, query and fragment; a bracket would stand for an IPv6 address, which no source of an event has.
bool is_uri_character(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view{"-._~!$&'()*+,;=:@/?"}.find(c) != std::string_view::npos;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

std::string uri_reference(std::string_view text) {
  const auto colon = text.substr(0, text.find_first_of("/?#")).find(':');
  const bool colon_is_plain = colon == std::string_view::npos || is_scheme(text.substr(0, colon));
  std::string out;
  bool in_first_segment = true, in_fragment = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/' || c == '?' || c == '#') in_first_segment = false;
    const bool escape = c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    const bool fragment = c == '#' && !in_fragment;
    in_fragment = in_fragment || fragment;
    // What is before a colon would be taken for a scheme.
    const bool misread = c == ':' && in_first_segment && !colon_is_plain;
    if (escape || fragment || (is_uri_character(c) && !misread))
      out += c;
    else
      append_percent(out, c);
  }
  return out;
}

std::string whole_seconds(std::string_view timestamp) {
  constexpr std::size_t seconds_end = std::string_view{"2026-01-01T00:00:00"}.size();
  std::string out(timestamp.substr(0, seconds_end));
  auto zone = timestamp.substr(out.size());
  if (zone.starts_with('.')) zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  if (out.ends_with(":60")) out.replace(out.size() - 2, 2, "59");
  out += zone;
  std::ranges::transform(out, out.begin(), [](char c) { return c == 't' ? 'T' : c == 'z' ? 'Z' : c == ' ' ? 'T' : c; });
  return out;
}

CloudAttributes cloud_attributes(const sdk::Delivery& delivery, std::string_view data_type) {
  CloudAttributes attributes;
  const auto add = [&attributes](std::string_view name, std::string value) {
    if (!value.empty()) attributes.emplace_back(name, std::move(value));
  };
  add("specversion", "1.0");
  add("id", std::string(delivery.event_id()));
  add("source", uri_reference(delivery.source()));
  add("type", std::string(delivery.event_type()));
  add("datacontenttype", std::string(data_type));
  add("time", whole_seconds(delivery.timestamp()));
  // Extensions: lower-case letters and digits alone.
  add("tenantid", std::string(delivery.tenant_id()));
  add("schemaversion", std::string(delivery.schema_version()));
  add("correlationid", std::string(delivery.correlation_id()));
  add("causationid", std::string(delivery.causation_id()));
  return attributes;
}

std::string cloud_event_json(const CloudAttributes& attributes, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 512);
  for (const auto& [name, value] : attributes) {
    out += out.empty() ? "{\"" : ",\"";
    out += name;
    out += "\":\"";
    kit::append_escaped(out, value);
    out += '"';
  }
  // White space around the value would be part of the data to some.
  const auto data = kit::whole(payload);
  out += ",\"data\":";
  out += data ? data->text : payload;
  out += '}';
  return out;
}

std::vector<std::pair<std::string, std::string>> cloud_event_headers(const CloudAttributes& attributes) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, value] : attributes) {
    if (name == "datacontenttype") continue;
    std::string encoded;
    for (const char c : value) {
      const bool plain = c > 0x20 && c < 0x7f && c != '%' && c != '"';
      if (plain)
        encoded += c;
      else
        append_percent(encoded, c);
    }
    headers.emplace_back("ce-" + std::string(name), std::move(encoded));
  }
  return headers;
}

}  // namespace opi::webhook
