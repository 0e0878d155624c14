#include "names.hpp"

#include <algorithm>

namespace opi::kubernetes {
namespace {

constexpr std::size_t label_bytes = 63, subdomain_bytes = 253, key_bytes = 253;

bool is_lower_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z'); }
bool is_name_character(char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }

}  // namespace

bool is_dns_label(std::string_view text) {
  return !text.empty() && text.size() <= label_bytes && is_lower_alphanumeric(text.front()) &&
         is_lower_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_lower_alphanumeric(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  if (text.empty() || text.size() > subdomain_bytes) return false;
  for (;;) {
    const auto part = text.substr(0, text.find('.'));
    // Unlike a namespace, each part may be as long as the whole.
    if (part.empty() || !is_lower_alphanumeric(part.front()) || !is_lower_alphanumeric(part.back()) ||
        !std::ranges::all_of(part, [](char c) { return is_lower_alphanumeric(c) || c == '-'; }))
      return false;
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

bool is_data_key(std::string_view text) {
  return !text.empty() && text.size() <= key_bytes && !text.starts_with("..") && text != "." &&
         std::ranges::all_of(text, is_name_character);
}

bool is_label_value(std::string_view text) {
  return !text.empty() && text.size() <= label_bytes && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, is_name_character);
}

bool is_label_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return is_label_value(text);
  return is_dns_subdomain(text.substr(0, slash)) && is_label_value(text.substr(slash + 1));
}

}  // namespace opi::kubernetes
