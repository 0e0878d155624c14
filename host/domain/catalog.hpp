#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/alert_rules.hpp"
#include "domain/destination.hpp"
#include "domain/retention.hpp"

namespace opi {

struct Tenant {
  TenantId id;
  std::string name;
  PolicyOverride policy;
  std::int64_t revision = 0;  // grows with every change of name, policy or rules
  RetentionOverride retention;
  AlertRulesOverride alert_rules{};
  std::string not_understood{};  // as a destination's; then its destinations are held, too
  bool operator==(const Tenant&) const = default;
};

// An immutable snapshot of tenants and destinations. Every change of either in the store raises its
// revision by at least one, in the same transaction.
struct Catalog {
  std::int64_t revision = 0;
  std::unordered_map<TenantId, Tenant> tenants;
  std::unordered_map<DestinationId, std::shared_ptr<const Destination>> destinations;
  std::unordered_map<TenantId, std::vector<std::shared_ptr<const Destination>>> by_tenant;

  // Tenant's policy over the built-in default, destination's over both.
  [[nodiscard]] DeliveryPolicy policy_of(const Destination& destination) const {
    DeliveryPolicy policy;
    if (const auto tenant = tenants.find(destination.tenant_id); tenant != tenants.end())
      policy = tenant->second.policy.applied_to(std::move(policy));
    return destination.policy_override.applied_to(std::move(policy));
  }
};

}  // namespace opi
