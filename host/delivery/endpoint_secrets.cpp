#include "delivery/endpoint_secrets.hpp"

#include <algorithm>

#include "crypto/digest.hpp"
#include "domain/header_field.hpp"
#include "domain/redaction.hpp"

namespace opi::delivery {
namespace {

constexpr std::size_t shortest_segment = 12, shortest_named = 6, shortest_value = 8, long_text = 24;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char c, char place) {
    return place == '-' ? c == '-' : is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  return text.size() == form.size() && std::ranges::equal(text, form, fits);
}

// Whether a machine has chosen it; "services", "v2" and "webhook-2024" are names.
bool looks_random(std::string_view text, std::size_t shortest) {
  constexpr std::size_t shortest_run = 6;
  if (text.size() < shortest) return false;
  const bool one_word = std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); });
  const bool both_cases = std::ranges::any_of(text, is_lower) && std::ranges::any_of(text, is_upper);
  const bool letters = std::ranges::any_of(text, is_letter);
  if (text.size() >= long_text && letters && (one_word || both_cases)) return true;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    auto end = begin;
    bool mixed = false;
    for (; end < text.size() && (is_letter(text[end]) || is_digit(text[end])); ++end)
      mixed = mixed || (end > begin && is_letter(text[end]) && is_digit(text[end - 1]));
    if (mixed && end - begin >= shortest_run) return true;
    begin = end;
  }
  return false;
}

// Of the query's fields, also those that only a URL calls so.
bool names_key(std::string_view name) {
  const auto lower = lower_case(name);
  return names_secret(name) || lower == "key" || lower == "code";
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' && i + 2 < text.size() ? crypto::from_hex(text.substr(i + 1, 2)) : std::nullopt;
    out += byte ? static_cast<char>(byte->front()) : text[i];
    if (byte) i += 2;
  }
  return out;
}

void add(std::vector<std::string>& parts, std::string_view part) {
  parts.emplace_back(part);
  if (auto plain = decoded(part); plain != part) parts.push_back(std::move(plain));
}

}  // namespace

std::vector<std::string> endpoint_secrets(std::string_view url) {
  std::vector<std::string> parts;
  const auto scheme = url.find("://");
  const auto start = scheme == std::string_view::npos ? scheme : url.find_first_of("/?", scheme + 3);
  if (start == std::string_view::npos) return parts;
  url.remove_prefix(start);
  const auto question = std::min(url.find('?'), url.size());
  auto path = url.substr(0, question), query = url.substr(std::min(question + 1, url.size()));
  while (!path.empty()) {
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
    if (is_uuid(segment) ? path.empty() : looks_random(decoded(segment), shortest_segment)) add(parts, segment);
  }
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    const auto sign = pair.find('=');
    const auto value = pair.substr(std::min(sign + 1, pair.size()));  // a word without '=' as a whole
    const bool named = sign != std::string_view::npos && names_key(pair.substr(0, sign));
    if (named ? value.size() >= shortest_named : looks_random(decoded(value), shortest_value)) add(parts, value);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return parts;
}

}  // namespace opi::delivery
