#include "delivery/canonical_json.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <map>
#include <optional>

#include "delivery/decimal.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

// Whole numbers of so many digits fit into 64 bits, with either sign.
constexpr std::int64_t digits_of_an_integer = 18;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The double that stands for exactly this number, as far as a double writes itself.
std::optional<double> exact_double(const Decimal& number) {
  const auto text = (number.negative ? "-" : "") + number.digits + "e" + std::to_string(number.exponent);
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  std::array<char, 32> written{};
  const auto done =
      std::to_chars(written.data(), written.data() + written.size(), value, std::chars_format::scientific);
  if (done.ec != std::errc{}) return std::nullopt;
  const std::string_view back(written.data(), static_cast<std::size_t>(done.ptr - written.data()));
  return decimal_of(back) == number ? std::optional(value) : std::nullopt;
}

std::string form_of_number(std::string_view text) {
  const auto number = decimal_of(text);
  if (number.digits.empty()) return "0";
  const auto length = static_cast<std::int64_t>(number.digits.size());
  if (number.exponent >= 0 && number.exponent <= digits_of_an_integer &&
      length + number.exponent <= digits_of_an_integer)
    return (number.negative ? "-" : "") + number.digits + std::string(static_cast<std::size_t>(number.exponent), '0');
  // Whole numbers of 64 bits that are longer: they are written as they are.
  if (number.exponent >= 0 && number.exponent <= 2 && length + number.exponent <= digits_of_an_integer + 2) {
    const auto whole =
        (number.negative ? "-" : "") + number.digits + std::string(static_cast<std::size_t>(number.exponent), '0');
    const auto fits = [&](auto value) {
      return std::from_chars(whole.data(), whole.data() + whole.size(), value).ec == std::errc{};
    };
    if (number.negative ? fits(std::int64_t{}) : fits(std::uint64_t{})) return whole;
  }
  if (const auto value = exact_double(number)) return json::serialize(json::value(*value));
  return (number.negative ? "-" : "") + number.digits + "e" + std::to_string(number.exponent);
}

class Canonical {
 public:
  explicit Canonical(std::string_view text) : text_(text) {}

  std::string value() {
    skip_blanks();
    switch (text_[at_]) {
      case '{': return object();
      case '[': return array();
      case '"': return string();
      default: return scalar();
    }
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  // Takes the sign, if it stands there.
  bool take(char sign) {
    skip_blanks();
    if (text_[at_] != sign) return false;
    ++at_;
    return true;
  }

  std::string object() {
    struct Member {
      std::string name, value;
    };
    std::map<std::string, Member> members;  // by their names without escapes
    take('{');
    while (!take('}')) {
      skip_blanks();
      const auto name = string();
      take(':');
      members[unescaped(name)] = {name, value()};
      take(',');
    }
    std::string form = "{";
    for (const auto& [key, member] : members) form.append(member.name).append(":").append(member.value).append(",");
    return form += '}';
  }

  std::string array() {
    std::string form = "[";
    take('[');
    while (!take(']')) {
      form.append(value()).append(",");
      take(',');
    }
    return form += ']';
  }

  // With its quotes.
  std::string string() {
    const auto start = at_;
    bool escapes = false;
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') continue;
      escapes = true;
      ++at_;
    }
    ++at_;
    const auto written = text_.substr(start, at_ - start);
    if (!escapes) return std::string(written);
    return json::serialize(json::parse({written.data(), written.size()}));
  }
  static std::string unescaped(const std::string& string) {
    if (string.find('\\') == std::string::npos) return string.substr(1, string.size() - 2);
    const auto value = json::parse(string);
    return {value.get_string().data(), value.get_string().size()};
  }

  std::string scalar() {
    const auto start = at_;
    while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != ',' && text_[at_] != ']' && text_[at_] != '}')
      ++at_;
    const auto written = text_.substr(start, at_ - start);
    const bool number = written.front() == '-' || (written.front() >= '0' && written.front() <= '9');
    return number ? form_of_number(written) : std::string(written);
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string canonical_json(std::string_view text) { return Canonical(text).value(); }

}  // namespace opi::delivery
