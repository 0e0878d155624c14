#include "secrets/scrub.hpp"

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
  for (const auto& purpose : secrets.purposes)
    for (const auto& version : purpose.versions) {
      const auto bytes = version.value->reveal();
      std::string_view value{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
      replace_all(text, value);
      if (value.starts_with(webhook_prefix)) replace_all(text, value.substr(webhook_prefix.size()));
    }
}

}  // namespace opi::secrets
