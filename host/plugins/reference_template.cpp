#include "plugins/reference_template.hpp"

#include <algorithm>

namespace opi::plugins {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}
bool is_scheme(std::string_view text) {
  return !text.empty() && text.size() <= 32 && text[0] >= 'a' && text[0] <= 'z' &&
         std::ranges::all_of(
             text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+'; });
}
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

std::optional<std::string> decoded(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    char c = segment[i];
    if (c == '?' || c == '#' || c == '@' || c == ' ') return std::nullopt;  // would mean something else in a URL
    if (c == '%') {
      if (i + 2 >= segment.size()) return std::nullopt;
      const int high = hex_value(segment[i + 1]), low = hex_value(segment[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/') return std::nullopt;
    out += c;
  }
  if (out.empty() || out == "." || out == ".." || out.size() > ReferenceTemplate::max_segment_bytes)
    return std::nullopt;
  return out;
}

}  // namespace

std::optional<ReferenceTemplate> ReferenceTemplate::parse(std::string_view text, const std::string& where,
                                                          std::vector<std::string>& problems) {
  ReferenceTemplate parsed;
  const auto fail = [&](const std::string& why) {
    problems.push_back(where + ": " + why);
    return std::nullopt;
  };
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon)))
    return fail("does not start with a scheme and \"://\"");
  parsed.scheme_ = text.substr(0, colon);
  for (const auto part : split(text.substr(colon + 3))) {
    if (part.size() < 3 || part.front() != '{' || part.back() != '}' || !is_name(part.substr(1, part.size() - 2)))
      return fail("each segment must be one {placeholder} of lower-case letters");
    parsed.names_.emplace_back(part.substr(1, part.size() - 2));
    if (std::ranges::count(parsed.names_, parsed.names_.back()) > 1)
      return fail("names {" + parsed.names_.back() + "} twice");
  }
  if (parsed.names_.size() > max_segments) return fail("has more than " + std::to_string(max_segments) + " segments");
  if (std::ranges::find(parsed.names_, "key") == parsed.names_.end()) return fail("has no {key}");
  return parsed;
}

bool ReferenceTemplate::has_tenant() const { return std::ranges::find(names_, "tenant") != names_.end(); }

secrets::SecretReference ReferenceTemplate::read(std::string_view reference, const TenantId& tenant) const {
  const auto fail = [this](const std::string& why) {
    throw secrets::InvalidReference("the " + scheme_ + " reference " + why);
  };
  if (reference.size() > max_reference_bytes) fail("is longer than " + std::to_string(max_reference_bytes) + " bytes");
  if (!reference.starts_with(scheme_ + "://")) fail("does not start with " + scheme_ + "://");
  const auto parts = split(reference.substr(scheme_.size() + 3));
  if (parts.size() != names_.size()) fail("must have " + std::to_string(names_.size()) + " segments");
  secrets::SecretReference read;
  read.scheme = scheme_;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto value = decoded(parts[i]);
    if (!value) fail("has a malformed {" + names_[i] + "}");
    if (names_[i] == "tenant" && *value != tenant.str()) fail("belongs to another tenant");
    if (names_[i] == "key") {
      read.key = std::move(*value);
    } else if (names_[i] == "version") {
      read.version = std::move(*value);
    } else {
      read.resource.push_back(std::move(*value));
    }
  }
  return read;
}

}  // namespace opi::plugins
