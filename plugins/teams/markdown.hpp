#pragma once
#include <string>
#include <string_view>

namespace opi::teams {

// A payload's text for a TextBlock or Fact, whose Markdown (emphasis, lists, links, {{DATE(…)}}) it must not use:
// escaped, and cut to at most `limit` UTF-16 units after that.
std::string markdown(std::string_view text, std::size_t limit);

}  // namespace opi::teams
