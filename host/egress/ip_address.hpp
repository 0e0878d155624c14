#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opi::egress {

// An IPv4 or IPv6 address as bytes in network order. Its parser is strict on purpose: where the C library
// takes "0x7f.1", "2130706433", "127.1" or "010.0.0.1", a guard and a socket could read two different hosts.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four
  bool v6 = false;

  bool operator==(const IpAddress&) const = default;
  [[nodiscard]] constexpr int bits() const { return v6 ? 128 : 32; }
  [[nodiscard]] std::string to_string() const;

  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return {{a, b, c, d}, false};
  }

  // Four decimal parts without leading zeros, or RFC 4291 text without zone and brackets.
  static constexpr std::optional<IpAddress> parse(std::string_view text) {
    if (text.find(':') == std::string_view::npos) return parse_v4(text);
    return parse_v6(text);
  }

 private:
  static constexpr std::optional<IpAddress> parse_v4(std::string_view text) {
    IpAddress address;
    std::size_t at = 0;
    for (std::size_t part = 0; part < 4; ++part) {
      if (part > 0 && (at >= text.size() || text[at++] != '.')) return std::nullopt;
      const std::size_t start = at;
      unsigned value = 0;
      while (at < text.size() && at - start < 3 && text[at] >= '0' && text[at] <= '9')
        value = value * 10 + static_cast<unsigned>(text[at++] - '0');
      if (at == start || value > 255 || (at - start > 1 && text[start] == '0')) return std::nullopt;
      address.bytes[part] = static_cast<std::uint8_t>(value);
    }
    if (at != text.size()) return std::nullopt;
    return address;
  }

  static constexpr int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  static constexpr std::optional<IpAddress> parse_v6(std::string_view text) {
    IpAddress address;
    address.v6 = true;
    std::size_t filled = 0;          // bytes written so far
    std::optional<std::size_t> gap;  // where "::" stands, in bytes
    std::size_t at = 0;
    if (text.starts_with("::")) {
      gap = 0;
      at = 2;
    }
    while (at < text.size()) {
      if (filled == 16) return std::nullopt;
      const std::size_t end = text.find(':', at);
      const std::string_view part = text.substr(at, end == std::string_view::npos ? end : end - at);
      if (part.find('.') != std::string_view::npos) {  // the last 32 bits as dotted quad
        const auto tail = parse_v4(part);
        if (!tail || end != std::string_view::npos || filled > 12) return std::nullopt;
        for (std::size_t i = 0; i < 4; ++i) address.bytes[filled++] = tail->bytes[i];
        at = text.size();
        break;
      }
      if (part.empty() || part.size() > 4) return std::nullopt;
      unsigned value = 0;
      for (const char c : part) {
        const int digit = hex_digit(c);
        if (digit < 0) return std::nullopt;
        value = value * 16 + static_cast<unsigned>(digit);
      }
      address.bytes[filled++] = static_cast<std::uint8_t>(value >> 8);
      address.bytes[filled++] = static_cast<std::uint8_t>(value & 0xff);
      if (end == std::string_view::npos) break;
      at = end + 1;
      if (at == text.size()) return std::nullopt;  // a single ':' at the end
      if (text[at] == ':') {
        if (gap) return std::nullopt;
        gap = filled;
        ++at;
      }
    }
    if (!gap) return filled == 16 ? std::optional{address} : std::nullopt;
    if (filled > 14) return std::nullopt;  // "::" stands for at least one group
    const std::size_t moved = filled - *gap;
    for (std::size_t i = 0; i < moved; ++i) {
      address.bytes[15 - i] = address.bytes[filled - 1 - i];
      address.bytes[filled - 1 - i] = 0;
    }
    return address;
  }
};

// A block of addresses, "10.0.0.0/8" or "fd00::/8"; an address alone is a block of one.
struct Cidr {
  IpAddress base;
  int prefix = 0;

  bool operator==(const Cidr&) const = default;

  [[nodiscard]] constexpr bool contains(const IpAddress& address) const {
    if (address.v6 != base.v6) return false;
    for (int bit = 0; bit < prefix; bit += 8) {
      const auto index = static_cast<std::size_t>(bit / 8);
      const int rest = prefix - bit;
      const auto mask = static_cast<std::uint8_t>(rest >= 8 ? 0xff : 0xff << (8 - rest));
      if ((address.bytes[index] & mask) != (base.bytes[index] & mask)) return false;
    }
    return true;
  }
  [[nodiscard]] constexpr bool is_single_address() const { return prefix == base.bits(); }

  // nullopt for anything malformed, also for bits set beyond the prefix ("10.1.2.3/8" is a typing error).
  static constexpr std::optional<Cidr> parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    Cidr block{*address, address->bits()};
    if (slash != std::string_view::npos) {
      const std::string_view digits = text.substr(slash + 1);
      if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
      block.prefix = 0;
      for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        block.prefix = block.prefix * 10 + (c - '0');
      }
      if (block.prefix > address->bits()) return std::nullopt;
    }
    for (int bit = block.prefix; bit < address->bits(); ++bit)
      if ((address->bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1) return std::nullopt;
    return block;
  }
};

}  // namespace opi::egress
