#include "secrets/digit_runs.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace opi::secrets {
namespace {

// What a byte is that is no digit.
constexpr std::int8_t foreign = -1, separator = -2;

// How texts write bytes as digits of a fixed number of bits.
struct Digits {
  std::array<std::int8_t, 256> value{};
  unsigned bits;
  std::size_t group;  // digits that make whole bytes
  std::size_t lost;   // bytes of a value, at most, that a cut between groups loses
};

constexpr Digits digits_of(std::string_view in_order, std::string_view others, std::string_view separators,
                           Digits digits) {
  digits.value.fill(foreign);
  for (const char c : separators) digits.value[static_cast<unsigned char>(c)] = separator;
  for (std::size_t i = 0; i < in_order.size(); ++i)
    digits.value[static_cast<unsigned char>(in_order[i])] = static_cast<std::int8_t>(i);
  // The other spellings of the last ones.
  for (std::size_t i = 0; i < others.size(); ++i)
    digits.value[static_cast<unsigned char>(others[i])] = static_cast<std::int8_t>(in_order.size() - others.size() + i);
  return digits;
}

// Between any two digits lines may be broken; hex has more.
constexpr Digits base64_digits = digits_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "-_",
                                           "\r\n", {.bits = 6, .group = 4, .lost = most_lost_of_group});
constexpr Digits hex_digits = digits_of("0123456789abcdef", "ABCDEF", ":- \t\r\n", {.bits = 4, .group = 2, .lost = 0});

// A run of digits of the text, without what separates them and the breaks of lines between them.
class Run {
 public:
  explicit Run(const Digits& digits) : digits_(digits) {}
  ~Run() { OPENSSL_cleanse(values_.data(), values_.capacity()); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Reads the one whose first digit is at `at`, if it stands for `least` bytes, and returns where it ends.
  std::size_t read(const PlacedText& text, std::size_t at, std::size_t least) {
    values_.clear();
    places_.clear();
    const auto bytes = text.bytes();
    std::size_t end = at;
    for (bool between = false; end < bytes.size(); ++end) {
      const char c = bytes[end];
      if (is_digit(c)) {
        between = false;
        continue;
      }
      between = value_of(c) == separator || (between && (c == ' ' || c == '\t'));  // lines may be indented
      if (!between) break;
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
      if (digits->value[static_cast<unsigned char>(text.bytes()[at])] < 0) continue;
      at = run.read(text, at, least);
      run.decode(text, decoded);
    }
  }
}

}  // namespace opi::secrets
