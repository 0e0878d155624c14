#pragma once
#include <memory>
#include <string_view>
#include <variant>

#include "filtering/syntax_fault.hpp"

namespace re2 {
class RE2;
}

namespace opi::filtering {

struct PatternLimits {
  static constexpr int repetition = 1000;                     // the highest number in {n,m}
  static constexpr int depth = 32;                            // of groups in groups
  static constexpr std::size_t program_memory = 1024 * 1024;  // of the compiled form and what matching keeps, in bytes
};

// A regular expression as RFC 9485 (I-Regexp) defines it, matched by RE2 in time linear in the text. Of what the RFC
// allows, \p{C} and \p{Cn} are refused: RE2 does not know unassigned characters. Copies share the compiled form.
// Thread-safe.
class Pattern {
 public:
  // `text` is valid UTF-8. The fault's offset is one within `text`.
  static std::variant<Pattern, SyntaxFault> parse(std::string_view text);

  // How many characters and classes it has with its repetitions written out: what one character of a text may cost.
  [[nodiscard]] int size() const { return size_; }

  // `subject` is valid UTF-8.
  [[nodiscard]] bool matches(std::string_view subject) const;   // the whole of it
  [[nodiscard]] bool found_in(std::string_view subject) const;  // a part of it

 private:
  Pattern(std::shared_ptr<const re2::RE2> compiled, int size) : compiled_(std::move(compiled)), size_(size) {}
  std::shared_ptr<const re2::RE2> compiled_;
  int size_;
};

}  // namespace opi::filtering
