#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opi::secrets {

// A text that was decoded from another one: each byte knows from where to where it stands in the first. Wiped, as what
// it was decoded from may have hidden a secret.
class PlacedText {
 public:
  PlacedText() = default;
  // The first one itself.
  explicit PlacedText(std::string_view text) : bytes_(text) {}
  // An empty one that `most` bytes are appended to, at most: it is never moved, and nothing is freed that was not
  // wiped.
  static PlacedText with_room(std::size_t most);
  void append(char byte, std::uint32_t begin, std::uint32_t end);

  PlacedText(PlacedText&&) = default;
  PlacedText& operator=(PlacedText&& other) noexcept;  // swaps: nothing is freed that was not wiped
  PlacedText(const PlacedText&) = delete;
  PlacedText& operator=(const PlacedText&) = delete;
  ~PlacedText();

  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t begin_of(std::size_t i) const {
    return places_.empty() ? static_cast<std::uint32_t>(i) : places_[i].begin;
  }
  [[nodiscard]] std::uint32_t end_of(std::size_t i) const {
    return places_.empty() ? static_cast<std::uint32_t>(i + 1) : places_[i].end;
  }

 private:
  struct Place {
    std::uint32_t begin = 0, end = 0;
  };
  std::string bytes_;
  std::vector<Place> places_;  // none: each byte stands for itself
};

// Takes away one layer of JSON's escapes, HTML's character references and percent-encoding, all three at once. Linear.
PlacedText unescaped(const PlacedText& text);

// Whether that would change anything.
bool has_escapes(std::string_view text);

}  // namespace opi::secrets
