#include "egress/guarded_endpoint_check.hpp"

#include <algorithm>
#include <future>
#include <memory>

#include "egress/url.hpp"

namespace opi::egress {

std::optional<std::string> GuardedEndpointCheck::fault(const std::string& url) {
  const auto parsed = parse_url(url);
  if (!parsed.url) return parsed.error;
  std::vector<IpAddress> addresses;
  if (parsed.url->literal) {
    addresses = {*parsed.url->literal};
  } else {
    // Shared with the callback, which may come after the patience is over.
    const auto resolved = std::make_shared<std::promise<Resolution>>();
    auto answer = resolved->get_future();
    resolver_.resolve(parsed.url->host, [resolved](const Resolution& resolution) { resolved->set_value(resolution); });
    if (answer.wait_for(options_.patience) == std::future_status::ready) addresses = answer.get().addresses;
  }
  std::string_view reason;
  for (const auto& address : addresses) {
    const auto verdict = guard_.judge(address, parsed.url->tls);
    if (verdict.allowed) return std::nullopt;
    reason = verdict.reason;
  }
  if (addresses.empty()) return std::nullopt;
  if (std::ranges::any_of(addresses, [&](const auto& address) { return guard_.judge(address, true).allowed; }))
    return "must be https; an operator may permit plain HTTP, to this address in egress.allow or to any by "
           "egress.plain_http";
  return std::string(parsed.url->literal ? "is" : "leads to") + " an address that may not be connected to (" +
         std::string(reason) + "); an operator may permit it in egress.allow";
}

}  // namespace opi::egress
