#include "egress/url.hpp"

#include <algorithm>

#include "fuzz/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto [url, error] = egress::parse_url(fuzz::text(data, size));
  fuzz::require(url.has_value() == error.empty(), "either a URL or why not");
  if (!url) return 0;
  fuzz::require(!url->host.empty() && url->port != 0 && url->target.starts_with('/'), "a URL is whole");
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  fuzz::require(std::ranges::all_of(url->host, printable) && std::ranges::all_of(url->target, printable),
                "nothing can break out of the request line or the Host header");
  const auto again = egress::parse_url((url->tls ? "https://" : "http://") + url->authority() + url->target);
  fuzz::require(again.url && again.url->origin() == url->origin() && again.url->target == url->target,
                "what is sent is what was judged");
  return 0;
}
