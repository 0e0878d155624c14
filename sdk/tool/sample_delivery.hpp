#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/adapter.hpp"
#include "domain/timestamp.hpp"
#include "plugins/manifest.hpp"

namespace opi::tool {

inline constexpr std::string_view sample_user_agent = "opi-plugin";
inline constexpr std::string_view sample_now = "2026-11-28T08:00:00Z";

// An event from the JSON text of an envelope whose members may all be missing; read as the daemon reads those of
// producers, the payload byte for byte. Throws Failure that names the member.
Event sample_event(std::string_view envelope_json);

// A destination with fixed ids, so that what is rendered for it is the same everywhere.
Destination sample_destination(const TenantId& tenant, const std::string& adapter, const std::string& endpoint,
                               const std::string& config_json);

// "<secret:SLOT>" for each of these slots: what an adapter inserts, and the key that it signs with.
secrets::SecretSet placeholder_secrets(const std::vector<std::string>& slots);
// Each a URL at the endpoint's origin with this path, or one that names its slot: what a slot holds may be the whole
// endpoint (url_secret).
secrets::SecretSet url_secrets(const std::vector<std::string>& slots, const std::string& endpoint,
                               const std::string& path = {});

// An attempt with all that it borrows. Ids, nonce and idempotency key follow from the event alone.
class SampleDelivery {
 public:
  SampleDelivery(Event event, Destination destination);
  SampleDelivery(const SampleDelivery&) = delete;
  SampleDelivery& operator=(const SampleDelivery&) = delete;

  int attempt = 1, step = 0;
  std::string carry, prior_ref, prior_url;
  UnixTime now;

  [[nodiscard]] const Destination& destination() const { return destination_; }
  [[nodiscard]] delivery::AttemptContext context() const;
  // With the slots' placeholders. A slot that is used as the request's URL holds "<origin of the
  // endpoint>/<secret:SLOT>".
  [[nodiscard]] delivery::Rendering render(const delivery::Adapter& adapter,
                                           const std::vector<std::string>& slots) const;

 private:
  Event event_;
  Destination destination_;
  DeliveryId id_;
  IdempotencyKey key_;
};

}  // namespace opi::tool
