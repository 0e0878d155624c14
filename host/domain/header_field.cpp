#include "domain/header_field.hpp"

#include <algorithm>
#include <array>

namespace opi {
namespace {

constexpr std::size_t longest_header_name = 128;
constexpr std::array<std::string_view, 9> host_owned_headers{
    "host", "connection", "keep-alive", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect"};

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}
bool is_visible_ascii(char c) { return c > 0x20 && c < 0x7f; }

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_header_name && std::ranges::all_of(name, is_token_character);
}

bool is_header_value(std::string_view value) {
  if (value.empty()) return true;
  return is_visible_ascii(value.front()) && is_visible_ascii(value.back()) &&
         std::ranges::all_of(value, [](char c) { return is_visible_ascii(c) || c == ' ' || c == '\t'; });
}

bool is_host_owned_header(std::string_view name) {
  return name.starts_with("proxy-") || std::ranges::find(host_owned_headers, name) != host_owned_headers.end();
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace opi
