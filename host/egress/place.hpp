#pragma once
#include "domain/ids.hpp"
#include "foundation/tenant_shares.hpp"

namespace opi::egress {

using Shares = TenantShares<TenantId>;

// A tenant's place among the connections of an origin, and among those of the loop.
class Place {
 public:
  Place() = default;  // none
  Place(Shares& origin, Shares& loop, const TenantId& tenant) : in_origin_(origin, tenant), in_loop_(loop, tenant) {}
  // Null: it is none.
  [[nodiscard]] const TenantId* tenant() const { return in_origin_.tenant(); }

 private:
  HeldPlace<TenantId> in_origin_, in_loop_;
};

}  // namespace opi::egress
