#include "secrets/scrub.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace opi::secrets {
namespace {

constexpr std::size_t shortest = 6;
constexpr std::string_view mark = "[redacted]";
constexpr std::string_view webhook_prefix = "whsec_";

void replace_all(std::string& text, std::string_view value) {
  if (value.size() < shortest) return;
  for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + mark.size()))
    text.replace(at, value.size(), mark);
}

}  // namespace

void scrub(std::string& text, const SecretSet& secrets) {
  if (text.size() < shortest) return;
  std::vector<std::string_view> values;
  for (const auto& purpose : secrets.purposes)
    for (const auto& version : purpose.versions) {
      const auto bytes = version.value->reveal();
      const std::string_view value{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
      values.push_back(value);
      if (value.starts_with(webhook_prefix)) values.push_back(value.substr(webhook_prefix.size()));
    }
  // The longest first: a value inside another must not save the rest of that one.
  std::ranges::sort(values, std::ranges::greater{}, &std::string_view::size);
  for (const auto value : values) replace_all(text, value);
}

}  // namespace opi::secrets
