#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "domain/text.hpp"

namespace opi::filtering {

// Reads a text character by character. Pure.
class Characters {
 public:
  explicit Characters(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }
  void back_to(std::size_t at) { at_ = at; }

  // The byte here or `ahead` of it, NUL behind the end. What the grammars ask for is ASCII.
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return ahead < text_.size() - at_ ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool next_is(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  bool take(std::string_view token) {
    if (!next_is(token)) return false;
    at_ += token.size();
    return true;
  }
  // The character here, of as many bytes as it has; empty at the end and where the text is not UTF-8.
  [[nodiscard]] std::string_view character() const {
    const auto rest = text_.substr(at_);
    return rest.substr(0, rest.empty() ? 0 : utf8_character(rest));
  }
  void skip(std::size_t bytes) { at_ += bytes; }
  [[nodiscard]] std::string_view rest_from(std::size_t ahead) const { return text_.substr(at_ + ahead); }
  [[nodiscard]] std::string_view since(std::size_t start) const { return text_.substr(start, at_ - start); }

  // How many characters stand before this byte.
  [[nodiscard]] std::size_t offset_of(std::size_t byte) const {
    std::size_t count = 0;
    for (const char c : text_.substr(0, byte)) count += (static_cast<std::uint8_t>(c) & 0xc0) != 0x80 ? 1 : 0;
    return count;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace opi::filtering
