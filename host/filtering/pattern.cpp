#include "filtering/pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "filtering/characters.hpp"

namespace opi::filtering {
namespace {

constexpr std::string_view escapable = "()*+-.?[\\]^nrt{|}";
// General categories of Unicode, without C and Cn.
constexpr std::array<std::string_view, 34> categories{
    "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",  "Mc", "Me", "Mn", "N",  "Nd", "Nl", "No", "P",  "Pc", "Pd",
    "Pe", "Pf", "Pi", "Po", "Ps", "Z",  "Zl", "Zp", "Zs", "S",  "Sc", "Sk", "Sm", "So", "Cc", "Cf", "Co"};

constexpr int most_size = 100'000;  // beyond every limit: it is counted no further

// The grammar lets ^ and $ stand for themselves; the RFC's mappings to other languages (its section 5), the compliance
// suite and what people expect make them the ends of the text.
//
// Checks the grammar of RFC 9485 and writes the same expression as RE2 takes it: outside of what the grammar gives a
// meaning nothing has one.
class Translator {
 public:
  explicit Translator(std::string_view text) : in_(text) {}

  std::variant<std::string, SyntaxFault> translate() {
    if (alternatives(0) && !in_.at_end()) fail("expected the end of the pattern; ) [ ] { } are written with \\");
    if (fault_) return *fault_;
    return out_;
  }
  // As Pattern::size().
  [[nodiscard]] int size() const { return size_; }

 private:
  bool fail(std::string message) {
    if (!fault_) fault_ = SyntaxFault{in_.offset_of(in_.at()), std::move(message)};
    return false;
  }

  bool alternatives(int depth) {
    if (depth > PatternLimits::depth)
      return fail("expected groups of at most " + std::to_string(PatternLimits::depth) + " levels");
    while (!in_.at_end() && in_.peek() != ')') {
      if (in_.take("|"))
        out_ += '|';
      else if (!piece(depth))
        return false;
    }
    return true;
  }

  bool piece(int depth) {
    const auto before = size_;
    if (!atom(depth)) return false;
    return quantifier(before);
  }

  bool atom(int depth) {
    if (in_.take("(")) {
      out_ += "(?:";
      if (!alternatives(depth + 1)) return false;
      if (!in_.take(")")) return fail("expected )");
      out_ += ')';
      return true;
    }
    ++size_;
    if (in_.take(".")) {
      out_ += "[^\\n\\r]";
      return true;
    }
    if (in_.next_is("^") || in_.next_is("$")) {
      out_ += in_.peek() == '^' ? "\\A" : "\\z";
      in_.skip(1);
      return true;
    }
    if (in_.next_is("[")) return character_class();
    if (in_.next_is("\\p") || in_.next_is("\\P")) return category();
    if (in_.next_is("\\")) return escape().has_value();
    if (std::string_view{"*+?{}]"}.find(in_.peek()) != std::string_view::npos)
      return fail("expected a character; ( ) * + . ? [ \\ ] { | } are written with \\");
    return literal().has_value();
  }

  // Of what was read since the size was `before`.
  bool quantifier(int before) {
    if (in_.next_is("*") || in_.next_is("+") || in_.next_is("?")) {
      out_ += in_.peek();
      in_.skip(1);
      return true;
    }
    if (!in_.take("{")) return true;
    const auto least = repetition();
    if (!least) return false;
    int times = std::max(*least, 1);
    out_ += '{' + std::to_string(*least);
    if (in_.take(",")) {
      out_ += ',';
      if (is_digit(in_.peek())) {
        const auto most = repetition();
        if (!most) return false;
        if (*most < *least) return fail("expected a number that is not below the first");
        out_ += std::to_string(*most);
        times = *most;
      }
    }
    if (!in_.take("}")) return fail("expected }");
    out_ += '}';
    size_ = before + std::min((size_ - before) * times, most_size);
    return true;
  }

  std::optional<int> repetition() {
    const auto start = in_.at();
    int value = 0;
    while (is_digit(in_.peek())) {
      value = std::min(value * 10 + (in_.peek() - '0'), PatternLimits::repetition + 1);
      in_.skip(1);
    }
    if (in_.at() > start && value <= PatternLimits::repetition) return value;
    in_.back_to(start);
    fail("expected a number from 0 to " + std::to_string(PatternLimits::repetition));
    return std::nullopt;
  }

  // One character that stands for itself, as RE2 is told it; returns it.
  std::optional<std::string_view> literal() {
    const auto character = in_.character();
    if (character.empty()) {
      fail("expected a character");
      return std::nullopt;
    }
    write(character);
    in_.skip(character.size());
    return character;
  }

  void write(std::string_view character) {
    const char first = character.front();
    const bool word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || is_digit(first);
    constexpr std::string_view hex = "0123456789abcdef";
    if (character.size() > 1 || word) {
      out_ += character;
    } else {  // no sign of ASCII has a meaning of its own when it is written so
      const auto code = static_cast<std::uint8_t>(first);
      out_ += {'\\', 'x', hex[code >> 4], hex[code & 15]};
    }
  }

  std::optional<std::string_view> escape() {
    const char escaped = in_.peek(1);
    if (in_.peek() != '\\' || escaped == '\0' || escapable.find(escaped) == std::string_view::npos) {
      fail("expected one of ( ) * + - . ? [ \\ ] ^ n r t { | } p P after \\");
      return std::nullopt;
    }
    const std::string_view character = escaped == 'n'   ? std::string_view{"\n"}
                                       : escaped == 'r' ? std::string_view{"\r"}
                                       : escaped == 't' ? std::string_view{"\t"}
                                                        : in_.rest_from(1).substr(0, 1);
    write(character);
    in_.skip(2);
    return character;
  }

  bool category() {
    const bool complement = in_.peek(1) == 'P';
    in_.skip(2);
    if (!in_.take("{")) return fail("expected {");
    const auto name = in_.at();
    while (in_.peek() != '}' && !in_.at_end()) in_.skip(1);
    const auto found = in_.since(name);
    if (std::ranges::find(categories, found) == categories.end() || found.empty()) {
      in_.back_to(name);
      return fail("expected a general category such as L, Lu or Nd; C and Cn are not supported");
    }
    if (!in_.take("}")) return fail("expected } after the category");
    out_ += std::string(complement ? "\\P{" : "\\p{") + std::string(found) + "}";
    return true;
  }

  bool character_class() {
    in_.skip(1);
    out_ += '[';
    if (in_.take("^")) out_ += '^';
    bool any = false;
    if (in_.next_is("-")) {
      any = true;
      literal();
    }
    while (!in_.next_is("]")) {
      if (any && in_.next_is("-]")) {
        literal();
        break;
      }
      if (!member()) return false;
      any = true;
    }
    if (!any) return fail("expected a character in [ ]");
    in_.skip(1);
    out_ += ']';
    return true;
  }

  bool member() {
    if (in_.next_is("\\p") || in_.next_is("\\P")) return category();
    const auto start = in_.at();
    const auto first = class_character();
    if (!first) return false;
    if (!in_.next_is("-") || in_.next_is("-]")) return true;
    in_.skip(1);
    out_ += '-';
    const auto last = class_character();
    if (!last) return false;
    if (*last >= *first) return true;  // UTF-8 has the order of the characters
    in_.back_to(start);
    return fail("expected a range that goes upwards");
  }

  std::optional<std::string_view> class_character() {
    if (in_.next_is("\\")) return escape();
    if (in_.at_end() || in_.next_is("[") || in_.next_is("]") || in_.next_is("-")) {
      fail(in_.at_end() ? "expected ]" : "expected a character; - [ \\ ] are written with \\");
      return std::nullopt;
    }
    return literal();
  }

  Characters in_;
  std::string out_;
  int size_ = 0;
  std::optional<SyntaxFault> fault_;
};

}  // namespace

std::variant<Pattern, SyntaxFault> Pattern::parse(std::string_view text) {
  Translator translator(text);
  auto translated = translator.translate();
  if (auto* fault = std::get_if<SyntaxFault>(&translated)) return std::move(*fault);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(PatternLimits::program_memory);
  auto compiled = std::make_shared<const RE2>(std::get<std::string>(translated), options);
  if (!compiled->ok()) return SyntaxFault{0, "expected a smaller pattern: compiled it is larger than what is allowed"};
  return Pattern(std::move(compiled), translator.size());
}

bool Pattern::matches(std::string_view subject) const {
  return RE2::FullMatch({subject.data(), subject.size()}, *compiled_);
}

bool Pattern::found_in(std::string_view subject) const {
  return RE2::PartialMatch({subject.data(), subject.size()}, *compiled_);
}

}  // namespace opi::filtering
