#include "delivery/json_text.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

namespace opi::delivery {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Behind the string that opens at `at`, or npos if it does not close.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return std::string_view::npos;
}

// Cuts what stands between the outer brackets at commas of the outermost level; stops behind `limit` + 1 pieces.
std::optional<std::vector<std::string_view>> pieces(std::string_view inner, std::size_t limit) {
  std::vector<std::string_view> result;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t at = 0; at < inner.size();) {
    const char c = inner[at];
    if (c == '"') {
      at = string_end(inner, at);
      if (at == std::string_view::npos) return std::nullopt;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth < 0) return std::nullopt;
    if (c == ',' && depth == 0) {
      result.push_back(trimmed(inner.substr(start, at - start)));
      if (result.size() > limit) return result;
      start = at + 1;
    }
    ++at;
  }
  if (depth != 0) return std::nullopt;
  result.push_back(trimmed(inner.substr(start)));
  return result;
}

// The members of an object as `"name" : value`.
std::optional<std::vector<std::string_view>> members_of(std::string_view text) {
  text = trimmed(text);
  if (text.size() < 2 || text.front() != '{') return std::nullopt;
  const std::string_view inner = trimmed(text.substr(1, text.size() - 2));
  if (inner.empty()) return std::vector<std::string_view>{};
  return pieces(inner, std::string_view::npos - 1);
}

// Whether a member's name, with its quotes and perhaps with escapes, is this one.
bool is_name(std::string_view quoted, std::string_view name) {
  if (quoted.find('\\') == std::string_view::npos) return quoted.substr(1, quoted.size() - 2) == name;
  const auto value = boost::json::parse({quoted.data(), quoted.size()});
  return std::string_view{value.get_string().data(), value.get_string().size()} == name;
}

}  // namespace

std::optional<std::vector<std::string_view>> array_elements(std::string_view text, std::size_t limit) {
  text = trimmed(text);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  const std::string_view inner = trimmed(text.substr(1, text.size() - 2));
  if (inner.empty()) return std::vector<std::string_view>{};
  return pieces(inner, limit);
}

std::optional<std::string_view> member_text(std::string_view text, std::string_view name) {
  const auto members = members_of(text);
  if (!members) return std::nullopt;
  std::optional<std::string_view> found;
  for (const auto member : *members) {
    const std::size_t key_end = string_end(member, 0);
    if (key_end == std::string_view::npos || !is_name(member.substr(0, key_end), name)) continue;
    const std::size_t colon = member.find(':', key_end);
    found = trimmed(member.substr(colon + 1));
  }
  return found;
}

std::size_t member_count(std::string_view text) {
  const auto members = members_of(text);
  return members ? members->size() : 0;
}

bool escapes_nul(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') continue;
    if (text.substr(at).starts_with("\\u0000")) return true;
    ++at;  // what follows a backslash begins no escape of its own
  }
  return false;
}

}  // namespace opi::delivery
