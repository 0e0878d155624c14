#include <cmath>

#include "filtering/number.hpp"
#include "filtering/parser.hpp"

namespace opi::filtering {
namespace {

void append_utf8(unsigned code, std::string& into) {
  const auto add = [&](unsigned byte) { into += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xe0 | code >> 12);
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
    }
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

constexpr bool is_high_surrogate(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
constexpr bool is_low_surrogate(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace

std::optional<boost::json::value> Parser::number() {
  const auto start = in_.at();
  const auto digits = [&] {
    const auto first = in_.at();
    while (is_digit(in_.peek())) in_.skip(1);
    return in_.at() > first;
  };
  in_.take("-");
  const bool zero = in_.next_is("0");
  const auto whole = in_.at();
  if (!digits()) return fail("expected a digit");
  if (zero && in_.at() - whole > 1) return fail_at(start, "expected a number without leading zeros");
  if (in_.take(".") && !digits()) return fail("expected a digit after the point");
  if (in_.next_is("e") || in_.next_is("E")) {
    in_.skip(1);
    if (!in_.take("-")) in_.take("+");
    if (!digits()) return fail("expected a digit of the exponent");
  }
  auto value = number_of(in_.since(start));
  if (const auto* number = value.if_double(); number != nullptr && std::isinf(*number))
    return fail_at(start, "expected a number within the range of a double");
  return value;
}

std::optional<std::string> Parser::string() {
  const auto start = in_.at();
  const char quote = in_.peek();
  in_.skip(1);
  std::string text;
  while (!in_.at_end() && in_.peek() != quote) {
    if (in_.peek() == '\\') {
      if (!escape(quote, text)) return std::nullopt;
      continue;
    }
    const auto character = in_.character();
    if (character.empty()) return fail("expected a character of UTF-8");
    if (static_cast<unsigned char>(character.front()) < 0x20)
      return fail("expected no control character: it is written with \\");
    text += character;
    in_.skip(character.size());
  }
  if (in_.at_end()) return fail_at(start, "expected the quote that ends this text");
  in_.skip(1);
  return text;
}

// Adds the character that an escape stands for.
bool Parser::escape(char quote, std::string& into) {
  const auto start = in_.at();
  in_.skip(1);
  const char kind = in_.peek();
  constexpr std::string_view signs = "bfnrt/\\", meant = "\b\f\n\r\t/\\";
  if (kind == 'u') {
    in_.skip(1);
    auto code = code_unit();
    if (code && is_high_surrogate(*code)) {
      const auto low = in_.take("\\u") ? code_unit() : std::nullopt;
      if (low && is_low_surrogate(*low))
        code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
      else
        fail_at(start, "expected a pair of surrogates");
    } else if (code && is_low_surrogate(*code)) {
      fail_at(start, "expected a pair of surrogates");
    }
    if (fault_) return false;
    append_utf8(*code, into);
    return true;
  }
  const auto at = kind == '\0' ? std::string_view::npos : signs.find(kind);
  if (at == std::string_view::npos && kind != quote) {
    fail_at(start, std::string("expected one of \\b \\f \\n \\r \\t \\/ \\\\ \\u and \\") + quote);
    return false;
  }
  into += at == std::string_view::npos ? quote : meant[at];
  in_.skip(1);
  return true;
}

std::optional<unsigned> Parser::code_unit() {
  unsigned unit = 0;
  for (int i = 0; i < 4; ++i, in_.skip(1)) {
    const char c = in_.peek();
    if (is_digit(c))
      unit = unit * 16 + static_cast<unsigned>(c - '0');
    else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
      unit = unit * 16 + 10 + static_cast<unsigned>((c | 0x20) - 'a');
    else
      return fail("expected four hexadecimal digits after \\u");
  }
  return unit;
}

}  // namespace opi::filtering
