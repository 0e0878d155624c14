#include "egress/guarded_endpoint_check.hpp"

#include <algorithm>
#include <future>
#include <memory>

#include "egress/url.hpp"

namespace opi::egress {
namespace {

const std::string needs_tls =
    "must be https; an operator may permit plain HTTP, to this address in egress.allow or to any by egress.plain_http";

}  // namespace

std::optional<std::string> GuardedEndpointCheck::fault(const std::string& url) {
  const auto parsed = parse_url(url);
  if (!parsed.url) return parsed.error;
  if (!parsed.url->literal) return fault_of_name(parsed.url->host, parsed.url->tls);
  const auto& address = *parsed.url->literal;
  const auto verdict = guard_.judge(address, parsed.url->tls);
  if (verdict.allowed) return std::nullopt;
  if (guard_.judge(address, true).allowed) return needs_tls;
  return "is an address that may not be connected to (" + std::string(verdict.reason) +
         "); an operator may permit it in egress.allow";
}

// Whoever may write an endpoint must not learn of it which names there are inside: a name that leads nowhere and one
// that leads to guarded addresses alone get the same answer. The transport judges again.
std::optional<std::string> GuardedEndpointCheck::fault_of_name(const std::string& host, bool tls) {
  if (tls) return std::nullopt;  // without asking: the answer would take its time, and tell
  const auto addresses = resolved(host);
  const auto any = [&](bool with_tls) {
    return std::ranges::any_of(addresses, [&](const auto& one) { return guard_.judge(one, with_tls).allowed; });
  };
  return any(true) && !any(false) ? std::optional(needs_tls) : std::nullopt;
}

std::vector<IpAddress> GuardedEndpointCheck::resolved(const std::string& host) {
  // Shared with the callback, which may come after the patience is over.
  const auto resolution = std::make_shared<std::promise<Resolution>>();
  auto answer = resolution->get_future();
  // The API's own share, which is nobody's deliveries'.
  resolver_.resolve(host, {}, [resolution](const Resolution& result) { resolution->set_value(result); });
  if (answer.wait_for(options_.patience) != std::future_status::ready) return {};
  return answer.get().addresses;
}

}  // namespace opi::egress
