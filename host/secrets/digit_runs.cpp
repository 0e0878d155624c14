#include "secrets/digit_runs.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace opi::secrets {
namespace {

// How texts write bytes as digits of a fixed number of bits.
struct Digits {
  std::array<std::int8_t, 256> value{};
  unsigned bits;
  std::size_t group;           // digits that make whole bytes
  std::size_t lost;            // bytes of a value, at most, that a cut between groups loses
  std::string_view separates;  // what may stand between any two digits
};

constexpr Digits digits_of(std::string_view in_order, std::string_view others, Digits digits) {
  digits.value.fill(-1);
  for (std::size_t i = 0; i < in_order.size(); ++i)
    digits.value[static_cast<unsigned char>(in_order[i])] = static_cast<std::int8_t>(i);
  // The other spellings of the last ones.
  for (std::size_t i = 0; i < others.size(); ++i)
    digits.value[static_cast<unsigned char>(others[i])] = static_cast<std::int8_t>(in_order.size() - others.size() + i);
  return digits;
}

constexpr Digits base64_digits = digits_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "-_",
                                           {.bits = 6, .group = 4, .lost = most_lost_of_group, .separates = ""});
constexpr Digits hex_digits =
    digits_of("0123456789abcdef", "ABCDEF", {.bits = 4, .group = 2, .lost = 0, .separates = ":- \t"});

// A run of digits of the text, without what separates them and the breaks of lines between them.
class Run {
 public:
  explicit Run(const Digits& digits) : digits_(digits) {}
  ~Run() { OPENSSL_cleanse(values_.data(), values_.capacity()); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Reads the one that begins at `at`, if it stands for `least` bytes, and returns where it ends.
  std::size_t read(const PlacedText& text, std::size_t at, std::size_t least) {
    values_.clear();
    places_.clear();
    const auto bytes = text.bytes();
    std::size_t end = at;
    for (bool in_break = false; end < bytes.size(); ++end) {
      const char c = bytes[end];
      in_break = is_break(c) || (in_break && (c == ' ' || c == '\t'));
      if (!in_break && !is_digit(c) && digits_.separates.find(c) == std::string_view::npos) break;
    }
    if ((end - at) * digits_.bits / 8 < least) return end;
    for (; at < end; ++at) {
      if (!is_digit(bytes[at])) continue;
      values_ += static_cast<char>(value_of(bytes[at]));
      places_.push_back(at);
    }
    return end;
  }

  // Whatever stands before a value in what was encoded: it begins within the first group.
  void decode(const PlacedText& text, const Decoded& decoded) const {
    for (std::size_t skipped = 0; skipped < digits_.group && skipped < values_.size(); ++skipped)
      decoded(decoded_from(text, skipped), digits_.lost);
  }

 private:
  [[nodiscard]] std::int8_t value_of(char c) const { return digits_.value[static_cast<unsigned char>(c)]; }
  [[nodiscard]] bool is_digit(char c) const { return value_of(c) >= 0; }
  static bool is_break(char c) { return c == '\r' || c == '\n'; }

  [[nodiscard]] PlacedText decoded_from(const PlacedText& text, std::size_t first) const {
    auto out = PlacedText::with_room((values_.size() - first) * digits_.bits / 8);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (std::size_t i = first; i < values_.size(); ++i) {
      bits = bits << digits_.bits | static_cast<std::uint32_t>(values_[i]);
      count += digits_.bits;
      if (count < 8) continue;
      count -= 8;
      const auto begun = first + out.bytes().size() * 8 / digits_.bits;
      out.append(static_cast<char>(bits >> count & 0xff), text.begin_of(places_[begun]), text.end_of(places_[i]));
    }
    return out;
  }

  const Digits& digits_;
  std::string values_;
  std::vector<std::size_t> places_;
};

}  // namespace

void each_decoded(const PlacedText& text, std::size_t least, const Decoded& decoded) {
  for (const auto* digits : {&base64_digits, &hex_digits}) {
    Run run(*digits);
    for (std::size_t at = 0; at < text.bytes().size(); ++at) {
      at = run.read(text, at, least);
      run.decode(text, decoded);
    }
  }
}

}  // namespace opi::secrets
