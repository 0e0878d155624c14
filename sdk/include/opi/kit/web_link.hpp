#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace opi::kit {

// The host, as text to show, of a URL that a message may link to: https, at most 1024 bytes of visible ASCII, no user
// (https://bank.example@evil.example/), nothing that could end a link in a markup. Else empty: such a URL is not
// linked.
inline std::string_view linkable_host(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  constexpr std::size_t longest = 1024;
  const bool visible = std::ranges::all_of(url, [](char c) {
    return c > ' ' && c <= '~' && std::string_view{"<>\"|\\^`{}"}.find(c) == std::string_view::npos;
  });
  if (!url.starts_with(scheme) || url.size() > longest || !visible) return {};
  const auto host = url.substr(scheme.size(), url.find_first_of("/?#", scheme.size()) - scheme.size());
  return host.size() <= 253 && host.find('@') == std::string_view::npos ? host : std::string_view{};
}

}  // namespace opi::kit
