#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "delivery/transport.hpp"
#include "domain/authorization.hpp"
#include "domain/outcome.hpp"
#include "secrets/secret_set.hpp"

// The exchange with a token endpoint: RFC 6749 section 4.4 for the request, 5.1 and 5.2 for the answer. Pure.
namespace opi::delivery {

struct TokenLimits {
  static constexpr std::size_t response_bytes = 16 * 1024, token_bytes = 7 * 1024;
  static constexpr std::size_t error_characters = 64, description_characters = 256;
};

HttpRequest token_request(const ClientCredentialsAuthorization& client, const secrets::Secret& client_secret);

struct AccessToken {
  std::shared_ptr<const secrets::Secret> value;
  std::optional<std::chrono::seconds> expires_in;  // as the endpoint says
};

// The token, or why there is none: an outcome of the attempt that needed it, by which it is tried again (passing
// faults), parked (the endpoint refuses the request for good), or holds the credential to be refused (Verdict::auth).
// `response` is wiped. What an endpoint says is scrubbed of `secrets` and the URL's own, redacted and bounded.
std::variant<AccessToken, Outcome> read_token_response(HttpResponse&& response,
                                                       const ClientCredentialsAuthorization& client,
                                                       const secrets::SecretSet& secrets);

}  // namespace opi::delivery
