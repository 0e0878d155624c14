#pragma once
#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace opi {

// A 128-bit identifier in network byte order. New ones are version 7 (RFC 9562): their text and
// byte order is the order of creation, so that indexes grow at their right edge.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // Accepts the 36-character hyphenated form in either case; anything else is nullopt.
  static std::optional<Uuid> parse(std::string_view text);

  // Version 7 from milliseconds since the Unix epoch and 10 bytes of entropy.
  static Uuid v7(std::chrono::milliseconds unix_time, const std::array<std::uint8_t, 10>& entropy);

  // The next one of the same version and variant.
  [[nodiscard]] Uuid successor() const;

  // Lower-case hyphenated form, 36 characters.
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const Uuid&) const = default;
};

}  // namespace opi

template <>
struct std::hash<opi::Uuid> {
  std::size_t operator()(const opi::Uuid& uuid) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()});
  }
};
