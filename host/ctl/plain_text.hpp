#pragma once
#include <string>
#include <string_view>

namespace opi::ctl {

// The text without what a terminal would obey: control characters and ill-formed UTF-8 become '?'.
std::string plain(std::string_view text);

// How many columns plain text takes, with one for each code point.
std::size_t width_of(std::string_view text);

}  // namespace opi::ctl
