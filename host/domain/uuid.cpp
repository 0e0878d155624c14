#include "domain/uuid.hpp"

namespace opi {
namespace {

constexpr bool hyphen_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < uuid.bytes.size(); ++byte) {
    if (hyphen_before(byte) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid.bytes[byte] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return uuid;
}

Uuid Uuid::v7(std::chrono::milliseconds unix_time, const std::array<std::uint8_t, 10>& entropy) {
  Uuid uuid;
  const auto ms = static_cast<std::uint64_t>(unix_time.count());
  for (std::size_t i = 0; i < 6; ++i) uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  for (std::size_t i = 0; i < 10; ++i) uuid.bytes[6 + i] = entropy[i];
  uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | (uuid.bytes[6] & 0x0f));
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3f));
  return uuid;
}

// The bits that tell version and variant are stepped over: what overflows below them carries to what is above.
Uuid Uuid::successor() const {
  Uuid next = *this;
  for (std::size_t byte = next.bytes.size(); byte-- > 0;) {
    const auto counts = static_cast<std::uint8_t>(byte == 6 ? 0x0f : byte == 8 ? 0x3f : 0xff);
    const auto kept = static_cast<std::uint8_t>(next.bytes[byte] & ~counts);
    const auto counted = static_cast<std::uint8_t>((next.bytes[byte] + 1) & counts);
    next.bytes[byte] = static_cast<std::uint8_t>(kept | counted);
    if (counted != 0) break;
  }
  return next;
}

std::string Uuid::to_string() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    if (hyphen_before(byte)) text += '-';
    text += digits[bytes[byte] >> 4];
    text += digits[bytes[byte] & 0x0f];
  }
  return text;
}

}  // namespace opi
