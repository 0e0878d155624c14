#include "secrets/scrub.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "crypto/digest.hpp"

namespace opi::secrets {
namespace {

constexpr std::size_t shortest = 6;
constexpr std::string_view mark = "[redacted]";
constexpr std::string_view webhook_prefix = "whsec_";

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Secrets in the open for the length of a call; wiped, as they stand in pages that a core dump holds.
class Forms {
 public:
  explicit Forms(std::size_t longest) : longest_(longest) {}
  Forms(const Forms&) = delete;
  Forms& operator=(const Forms&) = delete;
  ~Forms() {
    for (auto& form : forms_) OPENSSL_cleanse(form.data(), form.size());
  }

  // No form is shorter than the value itself.
  void add_all(std::string_view value) {
    if (value.size() < shortest || value.size() > longest_) return;
    add(std::string(value));
    add(crypto::to_hex(bytes_of(value)));
    std::string upper = crypto::to_hex(bytes_of(value));
    std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    add(std::move(upper));
    add(escaped(value, [](char c) { return c == '/' ? std::string("\\/") : std::string(1, c); }));
    for (const bool large : {false, true}) {
      add(escaped(value, [large](char c) { return percent_encoded(c, large, false); }));
      add(escaped(value, [large](char c) { return percent_encoded(c, large, true); }));
    }
    for (const std::size_t before : {0u, 1u, 2u})
      for (const bool url : {false, true}) add_base64(value, before, url);
  }

  void blank_out_of(std::string& text) {
    // The longest first: a value inside another must not save the rest of that one.
    std::ranges::sort(forms_, std::ranges::greater{}, &std::string::size);
    for (const auto& form : forms_)
      for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at + mark.size()))
        text.replace(at, form.size(), mark);
  }

 private:
  template <class Escape>
  static std::string escaped(std::string_view value, Escape escape) {
    std::string out;
    out.reserve(3 * value.size());  // one place to wipe
    for (const char c : value) out += escape(c);
    return out;
  }
  static std::string percent_encoded(char c, bool large, bool unreserved_too) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            std::string_view{"-._~"}.find(c) != std::string_view::npos;
    if (unreserved && !unreserved_too) return std::string(1, c);
    const std::string_view digits = large ? "0123456789ABCDEF" : "0123456789abcdef";
    const auto byte = static_cast<std::uint8_t>(c);
    return {'%', digits[byte >> 4], digits[byte & 15]};
  }
  // The digits that depend on the value alone, when `before` bytes (modulo 3) of something else stand in front of it.
  void add_base64(std::string_view value, std::size_t before, bool url) {
    std::string padded(before, '\0');
    padded.reserve(before + value.size());
    padded += value;
    std::string whole = url ? crypto::to_base64url(bytes_of(padded)) : crypto::to_base64(bytes_of(padded));
    const std::size_t skipped = before == 0 ? 0 : 4;
    add(whole.substr(skipped, padded.size() / 3 * 4 - skipped));
    OPENSSL_cleanse(padded.data(), padded.size());
    OPENSSL_cleanse(whole.data(), whole.size());
  }
  void add(std::string form) {
    if (form.size() >= shortest && form.size() <= longest_) {
      forms_.push_back(std::move(form));
    } else {
      OPENSSL_cleanse(form.data(), form.size());
    }
  }

  const std::size_t longest_;
  std::vector<std::string> forms_;
};

}  // namespace

void scrub(std::string& text, const SecretSet& secrets, std::span<const std::string> more) {
  if (text.size() < shortest) return;
  Forms forms(text.size());
  for (const auto& value : more) forms.add_all(value);
  for (const auto& purpose : secrets.purposes)
    for (const auto& version : purpose.versions) {
      const auto bytes = version.value->reveal();
      const std::string_view value{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
      forms.add_all(value);
      if (!value.starts_with(webhook_prefix)) continue;
      const auto encoded = value.substr(webhook_prefix.size());
      forms.add_all(encoded);
      if (encoded.size() / 4 * 3 > text.size()) continue;
      if (auto key = crypto::from_base64(encoded)) {
        forms.add_all({reinterpret_cast<const char*>(key->data()), key->size()});
        OPENSSL_cleanse(key->data(), key->size());
      }
    }
  forms.blank_out_of(text);
}

}  // namespace opi::secrets
