#include "canary/canary.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>

#include "crypto/digest.hpp"

namespace opi::canary_test {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string percent_encoded(std::string_view text, bool unreserved_too) {
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            std::string_view{"-._~"}.find(c) != std::string_view::npos;
    out += unreserved && !unreserved_too ? std::string{c} : "%" + upper(crypto::to_hex(bytes_of({&c, 1})));
  }
  return out;
}

// The part of the base64 of "…value…" that depends on the value alone, by how many bytes stand before it modulo 3.
std::string inner_base64(std::string_view value, std::size_t before, bool url) {
  const std::string padded = std::string(before, '\0') + std::string(value);
  const std::string whole = url ? crypto::to_base64url(bytes_of(padded)) : base64(padded);
  const std::size_t skipped = before == 0 ? 0 : 4;
  return whole.substr(skipped, padded.size() / 3 * 4 - skipped);
}

}  // namespace

std::string unique_value() {
  std::random_device device;
  std::vector<std::uint8_t> bytes(32);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(device());
  return crypto::to_base64url(bytes);
}

std::string base64(std::string_view bytes) { return crypto::to_base64(bytes_of(bytes)); }

std::vector<std::string> forms_of(std::string_view value) {
  std::vector<std::string> forms{std::string(value), crypto::to_hex(bytes_of(value)),
                                 upper(crypto::to_hex(bytes_of(value))), percent_encoded(value, false),
                                 percent_encoded(value, true)};
  for (const std::size_t before : {0u, 1u, 2u})
    for (const bool url : {false, true}) forms.push_back(inner_base64(value, before, url));
  std::ranges::sort(forms);
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  return forms;
}

void Search::plant(const std::string& name, const std::string& value) { planted_.push_back({name, forms_of(value)}); }

std::vector<std::string> Search::find_in(const std::string& place, std::string_view text) const {
  std::vector<std::string> found;
  for (const auto& [name, forms] : planted_)
    for (const auto& form : forms) {
      const auto at = text.find(form);
      if (at == std::string_view::npos) continue;
      const auto start = at - std::min<std::size_t>(at, 160);
      found.push_back(name + " in " + place + ": …" + std::string(text.substr(start, form.size() + 260)) + "…");
      break;
    }
  return found;
}

}  // namespace opi::canary_test
