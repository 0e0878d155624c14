#include "base64.hpp"

namespace opi::kubernetes {
namespace {

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

std::optional<std::size_t> base64_size(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return text.size() / 4 * 3 - padding;
}

bool base64_decode(std::string_view text, std::span<std::uint8_t> out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int n_bits = 0;
  std::size_t written = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    n_bits += 6;
    if (n_bits < 8) continue;
    n_bits -= 8;
    if (written == out.size()) return false;
    out[written++] = static_cast<std::uint8_t>(bits >> n_bits & 0xff);
  }
  // What is left over is the end of nothing.
  return written == out.size() && (bits & ((1u << n_bits) - 1)) == 0;
}

}  // namespace opi::kubernetes
