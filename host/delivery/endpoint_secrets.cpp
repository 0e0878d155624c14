#include "delivery/endpoint_secrets.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::delivery {
namespace {

constexpr std::size_t shortest_value = 6, shortest_segment = 12, long_segment = 24;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "services" and "v2" are names; "T0123ABCD456" is not.
bool is_chosen_by_a_machine(std::string_view segment) {
  return segment.size() >= long_segment ||
         (segment.size() >= shortest_segment && std::ranges::any_of(segment, is_digit));
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
    if (is_chosen_by_a_machine(segment)) add(parts, segment);
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
  }
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    const auto value = pair.substr(std::min(pair.find('=') + 1, pair.size()));  // a word without '=' as a whole
    if (value.size() >= shortest_value) add(parts, value);
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return parts;
}

}  // namespace opi::delivery
