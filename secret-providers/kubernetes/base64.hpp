#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace opi::kubernetes {

// Base64 of RFC 4648, section 4, with its padding and without line breaks, as API servers write it.
// How many bytes the text stands for; nullopt: its length or its end is not base64's.
std::optional<std::size_t> base64_size(std::string_view text);
// Writes just as many bytes, straight into `out`; false: it has a sign that base64 does not have.
bool base64_decode(std::string_view text, std::span<std::uint8_t> out);

}  // namespace opi::kubernetes
