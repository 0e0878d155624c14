#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/authorization.hpp"
#include "domain/clock.hpp"
#include "domain/ids.hpp"
#include "domain/policy.hpp"

namespace opi {

// A reference to a secret for one purpose of a destination; never the value.
struct Credential {
  std::string purpose;                 // the adapter's slot name, such as "signing", or one of the host's
  int version = 1;                     // of this purpose at this destination; the highest is current
  std::string reference;               // such as "k8s://namespace/secret/key"
  std::optional<UnixTime> expires_at;  // an older version signs beside the current one until then
  UnixTime created_at{};               // given by the store
  std::string bound_to{};              // the receiver that it was put for (receiver.hpp); by the store, if empty
  bool operator==(const Credential&) const = default;
};

enum class SigningRule {
  required,  // nothing is sent unsigned
  disabled,  // explicitly switched off by the tenant
};

enum class DeliveryOrder {
  none,
  subject,  // deliveries about one ticket or alert go out one after the other, in the order of their events
};

struct DestinationLimits {
  static constexpr std::size_t name_length = 200, endpoint_length = 2048, config_bytes = 64 * 1024;
  static constexpr std::size_t adapter_length = 64, disabled_reason_length = 512, subscriptions = 64;
  static constexpr std::size_t filter_length = 2048;
  static constexpr int default_max_in_flight = 16, max_in_flight = 1000;
};

// Where a tenant wants events.
struct Destination {
  TenantId tenant_id;
  DestinationId id;
  std::string name;
  std::string adapter;                     // component id of a loaded plugin, such as "webhook"
  std::string endpoint;                    // absolute http(s) URL; write-only towards people
  std::vector<std::string> subscriptions;  // see subscription_matches()
  std::string filter;                      // condition over the events of these types; empty: all of them
  bool enabled = true;
  std::string disabled_reason;
  SigningRule signing = SigningRule::required;
  DeliveryOrder order = DeliveryOrder::none;
  std::optional<Authorization> authorization;
  std::string config;  // JSON object for the adapter
  PolicyOverride policy_override;
  int max_in_flight = DestinationLimits::default_max_in_flight;
  double rate_limit_per_second = 0;  // 0: none
  std::vector<Credential> credentials;
  std::int64_t revision = 0;  // grows with every change
  // Why it is held and may not be changed: what a newer version has written of it, for people. Empty: nothing.
  std::string not_understood;

  // Whether anything is sent to it; what is due waits.
  [[nodiscard]] bool served() const { return enabled && not_understood.empty(); }

  [[nodiscard]] bool has_credential(std::string_view of_purpose) const {
    for (const auto& credential : credentials)
      if (credential.purpose == of_purpose) return true;
    return false;
  }
  bool operator==(const Destination&) const = default;
};

}  // namespace opi
