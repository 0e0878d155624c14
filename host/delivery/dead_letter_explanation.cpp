#include "delivery/dead_letter_explanation.hpp"

#include <array>

namespace opi::delivery {
namespace {

struct Known {
  std::string_view reason;  // as attempts carry it
  std::string_view what;    // completes "The last of 3 attempts …"
  std::string_view advice;
};

constexpr std::array known_reasons{
    Known{"timeout", "was not answered in time", "Check the receiver's load and response time, or raise timeout_ms."},
    Known{"connect_failed", "could not connect to the receiver",
          "Check that the receiver is up and reachable from this network, and its firewall."},
    Known{"connection_reset", "lost its connection before an answer came",
          "Check the receiver and the proxies before it; it may have acted on the request all the same."},
    Known{
        "name_resolution_failed", "found no address under the receiver's name that it may have",
        "Check the endpoint's host name and the DNS of this network. A name that leads to private or special addresses "
        "only, or is not https, needs the operator (egress.allow)."},
    Known{"tls_failed", "could not agree on TLS with the receiver",
          "Check the receiver's certificate, its expiry and host name, and that TLS 1.2 or newer is on."},
    Known{"address_refused",
          "was refused by the egress guard: the endpoint's address lies in a private or special range, or is not https",
          "Correct the endpoint, or have the operator allow its range (egress.allow)."},
    Known{
        "proxy_failed", "did not leave this network: the proxy did not let it through",
        "The operator has to look at egress.proxy: whether it is up, takes our credentials, and allows the receiver."},
    Known{"protocol_error", "got something that is not HTTP",
          "Check that the endpoint's scheme and port lead to the receiver itself."},
    Known{"signing_secret_unavailable", "had no signing secret, and nothing is sent unsigned",
          "Check the destination's signing credential and the secret store behind it."},
    Known{"unsigned_request", "was not signed by its adapter, and nothing is sent unsigned",
          "Check the destination's signing credential and the adapter's version."},
    Known{"authorization_secret_unavailable", "had no secret to authorise itself with, and nothing is sent without",
          "Check the destination's credential for the purpose authorization and the secret store behind it."},
    Known{"authorization_secret_unusable", "had a secret that its authorization cannot be made of",
          "Check what the secret for the purpose authorization holds."},
    Known{"authorization_conflict", "had the header of its authorization set by the adapter already",
          "Take the header out of the destination's configuration, or its authorization away."},
    Known{"credential_elsewhere", "was for another host than the endpoint's, to which its credentials do not go",
          "Make the endpoint the host that the request goes to, or take authorization and client certificate away."},
    Known{"client_certificate_unavailable", "had no client certificate to show",
          "Check the destination's credential for the purpose client_certificate and the secret store behind it."},
    Known{"client_certificate_unusable", "had a client certificate that cannot be used",
          "Check that the secret holds the certificate, those above it and the unencrypted key in PEM."},
    Known{"client_certificate_without_tls", "has a client certificate and no https to show it in",
          "Set an https endpoint, or revoke the client certificate."},
    Known{"token_client_refused", "got no access token: the token endpoint refused the client",
          "Check client_id, client_authentication and the client secret, and what the token endpoint says."},
    Known{"token_request_refused", "got no access token: the token endpoint refused the request",
          "Check scope, audience and token_url, and what the token endpoint says."},
    Known{"token_response_invalid", "got no access token: the token endpoint's answer holds none",
          "Check that token_url is that of a token endpoint."},
    Known{"render_failed", "could not be turned into a request by the adapter",
          "Check the destination's configuration against the event, and the attempt's error."},
    Known{"adapter_fault", "failed within the adapter", "Report it to the adapter's author with the attempt's error."},
    Known{
        "retry_after_too_long", "was answered with a Retry-After that outlasts all attempts that were left",
        "Ask the receiver's owner why; raise max_attempts or retry_after_max_ms, and send it again when the silence is "
        "over."},
    Known{"interrupted", "was cut off when its daemon vanished, so whether the receiver got it is unknown",
          "Check at the receiver for the idempotency key before sending it again."},
};

std::string_view advice_for_status(int status) {
  if (status == 401 || status == 403) return "Check the destination's credentials and what the receiver permits them.";
  if (status == 404 || status == 405) return "Check the endpoint's path at the receiver.";
  if (status == 410) return "The receiver says it is gone for good: ask its owner for a new endpoint.";
  if (status == 413) return "The receiver takes no body of this size: raise its limit.";
  if (status == 408 || status == 425 || status == 429)
    return "The receiver could not keep up: lower rate_limit_per_second or max_in_flight, then send it again.";
  if (status >= 500) return "Check the receiver's health and log, then send it again.";
  if (status >= 300 && status < 400) return "The receiver redirects, which is not followed: set its final address.";
  return "Check at the receiver why it refuses this event, and its response in the attempts.";
}

std::string attempts_text(int attempts) {
  return attempts == 1 ? "The only attempt" : "The last of " + std::to_string(attempts) + " attempts";
}

}  // namespace

DeadLetterExplanation explain(const DeliveryView& dead_letter) {
  DeadLetterExplanation result;
  result.explanation = attempts_text(dead_letter.attempts) + " ";
  const Known* known = nullptr;
  for (const auto& row : known_reasons)
    if (row.reason == dead_letter.last_reason) known = &row;
  if (known != nullptr) {
    result.explanation += known->what;
    result.advice = known->advice;
  } else if (dead_letter.last_http_status) {
    result.explanation += "was answered with HTTP status " + std::to_string(*dead_letter.last_http_status);
    result.advice = advice_for_status(*dead_letter.last_http_status);
  } else {
    result.explanation += "failed";
    if (!dead_letter.last_reason.empty()) result.explanation += " (" + dead_letter.last_reason + ")";
    result.advice = "Look at the attempts, and at the receiver's health and log.";
  }
  result.explanation += dead_letter.last_result == AttemptResult::terminal
                            ? "; trying again by itself could not have helped."
                            : "; the policy allows no more.";
  return result;
}

}  // namespace opi::delivery
