#pragma once
#include <cstddef>
#include <string_view>

namespace opi {

// Bytes of the well-formed UTF-8 character at the start of `text` (RFC 3629), which is not empty; 0 if there is none.
std::size_t utf8_character(std::string_view text);

// True for valid UTF-8 without control characters and without signs that turn its direction: what every store takes as
// a text, and what names can be.
bool is_plain_text(std::string_view text);

}  // namespace opi
