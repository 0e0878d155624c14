#include "secrets/provider_breakers.hpp"

#include <algorithm>

namespace opi::secrets {
namespace {

// Each tenant's own pauses grow, so those between all of them need not.
CircuitBreaker::Options of_the_store(const CircuitBreaker::Options& of_a_tenant) {
  return {of_a_tenant.failure_threshold == 0 ? 0 : ProviderBreakers::tenants_that_tell, of_a_tenant.cooldown, 1.0,
          of_a_tenant.cooldown};
}

}  // namespace

ProviderBreakers::ProviderBreakers(const CircuitBreaker::Options& options)
    : of_a_tenant_(options), of_the_store_(of_the_store(options)), store_(of_the_store_) {}

bool ProviderBreakers::admits(const TenantId& tenant, int own_in_flight, int in_flight, MonoTime now) const {
  const auto found = failing_.find(tenant);
  return found == failing_.end() ||
         (found->second.breaker.admit(1, own_in_flight, now) > 0 && store_.admit(1, in_flight, now) > 0);
}

bool ProviderBreakers::shut(const TenantId& tenant, MonoTime now) const {
  const auto found = failing_.find(tenant);
  return found != failing_.end() && (found->second.breaker.open(now) || store_.open(now));
}

std::size_t ProviderBreakers::tenants_kept() const {
  if (store_.tripped()) return failing_.size();
  return static_cast<std::size_t>(
      std::ranges::count_if(failing_, [](const auto& one) { return one.second.breaker.tripped(); }));
}

ProviderBreakers::Turned ProviderBreakers::answered(const TenantId& tenant) {
  ++row_;
  const bool store_is_back = store_.tripped();
  store_.succeeded();
  if (store_is_back) {
    failing_.clear();
    return Turned::all;
  }
  const auto found = failing_.find(tenant);
  if (found == failing_.end()) return Turned::nobody;
  const bool was_kept = found->second.breaker.tripped();
  failing_.erase(found);
  return was_kept ? Turned::the_tenant : Turned::nobody;
}

ProviderBreakers::Turned ProviderBreakers::failed(const TenantId& tenant, MonoTime now) {
  const auto [known, is_new] = failing_.try_emplace(tenant, Failing{CircuitBreaker(of_a_tenant_), row_});
  auto& failing = known->second;
  const bool store_was_away = store_.tripped(), was_kept = failing.breaker.tripped();
  failing.breaker.failed(now);
  // A tenant tells once in a row; of a store that is away, each probe does.
  if (is_new || failing.row != row_ || store_was_away) store_.failed(now);
  failing.row = row_;
  // Of a store that is away, one call in vain is enough for its tenant to wait for longer than the others do.
  if (store_.tripped() && !failing.breaker.tripped()) failing.breaker.trip(now + of_a_tenant_.cooldown);
  if (store_.tripped()) return store_was_away ? Turned::nobody : Turned::all;
  return failing.breaker.tripped() && !was_kept ? Turned::the_tenant : Turned::nobody;
}

}  // namespace opi::secrets
