#include "secrets/occurrences.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cstring>
#include <string>

namespace opi::secrets {
namespace {

// Calls `at` with the place of each occurrence, overlapping ones too (Knuth, Morris and Pratt, behind a quick look).
template <class At>
void each_occurrence(std::string_view text, std::string_view value, At at) {
  if (value.empty() || text.size() < value.size()) return;
  const auto* first = static_cast<const char*>(::memmem(text.data(), text.size(), value.data(), value.size()));
  if (first == nullptr) return;
  std::vector<std::size_t> border(value.size(), 0);  // of each prefix: its longest that is a suffix too
  for (std::size_t i = 1, length = 0; i < value.size(); ++i) {
    while (length > 0 && value[i] != value[length]) length = border[length - 1];
    if (value[i] == value[length]) ++length;
    border[i] = length;
  }
  std::size_t matched = 0;
  for (auto i = static_cast<std::size_t>(first - text.data()); i < text.size(); ++i) {
    while (matched > 0 && text[i] != value[matched]) matched = border[matched - 1];
    if (text[i] == value[matched]) ++matched;
    if (matched < value.size()) continue;
    at(i + 1 - value.size());
    matched = border[matched - 1];
  }
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// How texts write bytes as digits of a fixed number of bits.
struct Digits {
  std::array<std::int8_t, 256> value{};
  unsigned bits;
};

constexpr Digits digits_of(std::string_view in_order, std::string_view others, unsigned bits) {
  Digits digits{{}, bits};
  digits.value.fill(-1);
  for (std::size_t i = 0; i < in_order.size(); ++i)
    digits.value[static_cast<unsigned char>(in_order[i])] = static_cast<std::int8_t>(i);
  // The other spellings of the last ones.
  for (std::size_t i = 0; i < others.size(); ++i)
    digits.value[static_cast<unsigned char>(others[i])] = static_cast<std::int8_t>(in_order.size() - others.size() + i);
  return digits;
}

constexpr Digits base64_digits = digits_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "-_", 6);
constexpr Digits hex_digits = digits_of("0123456789abcdef", "ABCDEF", 4);

// Whoever cuts base64 at its groups of four loses up to two bytes of the value at either end, and tells the rest.
std::string_view core_of(std::string_view value, const Digits& digits) {
  constexpr std::size_t lost = 2, fewest = 6;
  return digits.bits == 6 && value.size() >= fewest + 2 * lost ? value.substr(lost, value.size() - 2 * lost) : value;
}

// A run of digits of the text, without the breaks of lines between them.
class Run {
 public:
  explicit Run(const Digits& digits) : digits_(digits) {}
  ~Run() {
    OPENSSL_cleanse(values_.data(), values_.capacity());
    OPENSSL_cleanse(bytes_.data(), bytes_.capacity());
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Reads the one that begins at `at`, if it stands for `least` bytes, and returns where it ends.
  std::size_t read(const PlacedText& text, std::size_t at, std::size_t least) {
    values_.clear();
    places_.clear();
    const auto bytes = text.bytes();
    std::size_t end = at;
    while (end < bytes.size() && (is_digit(bytes[end]) || is_break(bytes[end]))) ++end;
    if ((end - at) * digits_.bits / 8 < least) return end;
    for (; at < end; ++at) {
      if (!is_digit(bytes[at])) continue;
      values_ += static_cast<char>(value_of(bytes[at]));
      places_.push_back(at);
    }
    return end;
  }

  // Whatever stands before a value in what was encoded: it begins within the first few digits that make whole bytes.
  void find(const PlacedText& text, const std::vector<std::string_view>& values, std::vector<Interval>& found) {
    const std::size_t group = digits_.bits == 6 ? 4 : 2;
    for (std::size_t skipped = 0; skipped < group && skipped < values_.size(); ++skipped) {
      decode(skipped);
      for (const auto value : values)
        each_occurrence(bytes_, core_of(value, digits_), [&](std::size_t at) {
          const auto [from, to] = grown(value, at);
          const auto first = skipped + from * 8 / digits_.bits;
          const auto last = skipped + (to * 8 - 1) / digits_.bits;
          found.emplace_back(text.begin_of(places_[first]), text.end_of(places_[last]));
        });
    }
  }

 private:
  [[nodiscard]] std::int8_t value_of(char c) const { return digits_.value[static_cast<unsigned char>(c)]; }
  [[nodiscard]] bool is_digit(char c) const { return value_of(c) >= 0; }
  static bool is_break(char c) { return c == '\r' || c == '\n'; }

  // The core of the value stands at `at`: from where to where is the rest of it there too?
  [[nodiscard]] std::pair<std::size_t, std::size_t> grown(std::string_view value, std::size_t at) const {
    const auto core = core_of(value, digits_);
    auto before = static_cast<std::size_t>(core.data() - value.data());
    auto from = at, to = at + core.size(), behind = before + core.size();
    while (before > 0 && from > 0 && bytes_[from - 1] == value[before - 1]) --from, --before;
    while (behind < value.size() && to < bytes_.size() && bytes_[to] == value[behind]) ++to, ++behind;
    return {from, to};
  }

  void decode(std::size_t skipped) {
    bytes_.resize(values_.size());
    std::size_t written = 0;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (std::size_t i = skipped; i < values_.size(); ++i) {
      bits = bits << digits_.bits | static_cast<std::uint32_t>(values_[i]);
      count += digits_.bits;
      if (count < 8) continue;
      count -= 8;
      bytes_[written++] = static_cast<char>(bits >> count & 0xff);
    }
    bytes_.resize(written);
  }

  const Digits& digits_;
  std::string values_, bytes_;
  std::vector<std::size_t> places_;
};

}  // namespace

void find_plain(const PlacedText& text, std::string_view value, bool as_word, std::vector<Interval>& found) {
  const auto bytes = text.bytes();
  each_occurrence(bytes, value, [&](std::size_t at) {
    const std::size_t end = at + value.size();
    if (as_word &&
        ((at > 0 && is_letter_or_digit(bytes[at - 1])) || (end < bytes.size() && is_letter_or_digit(bytes[end]))))
      return;
    found.emplace_back(text.begin_of(at), text.end_of(end - 1));
  });
}

void find_encoded(const PlacedText& text, const std::vector<std::string_view>& values, std::vector<Interval>& found) {
  if (values.empty()) return;
  for (const auto* digits : {&base64_digits, &hex_digits}) {
    std::size_t shortest = std::string_view::npos;
    for (const auto value : values) shortest = std::min(shortest, core_of(value, *digits).size());
    Run run(*digits);
    for (std::size_t at = 0; at < text.bytes().size(); ++at) {
      at = run.read(text, at, shortest);
      run.find(text, values, found);
    }
  }
}

}  // namespace opi::secrets
