#pragma once
#include <memory>

#include "administration/catalog_editor.hpp"
#include "administration/credential_check.hpp"
#include "api/route_table.hpp"
#include "domain/clock.hpp"
#include "identity/rate_limit.hpp"

namespace opi::api {

struct WebhookKeyLimits {
  static constexpr std::chrono::milliseconds kept{std::chrono::minutes{1}};  // an answer, here
  static constexpr int kept_by_others_s = 300;                               // an answer, by whoever asked
  static constexpr std::size_t answers = 1'000;                              // that are kept
  static constexpr int lookups = 2;                                          // that wait for secret stores at a time
};

// GET /.well-known/webhook-keys/{id}, for anybody: the public keys that a destination's requests are signed with, as a
// JWK Set (RFC 7517, RFC 8037). Nothing else is told: a destination that has none, for whatever reason, is 404 like
// one that does not exist. Who asks is limited by address; strangers make secret stores do no more than deliveries do,
// and never take more than `lookups` threads.
void add_webhook_key_routes(RouteTable& routes, administration::CatalogEditor& editor,
                            administration::CredentialCheck& check, const Clock& clock,
                            const identity::RateLimit::Options& limit);

}  // namespace opi::api
