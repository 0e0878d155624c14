#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "domain/circuit_breaker.hpp"
#include "domain/clock.hpp"
#include "domain/ids.hpp"

namespace opi::secrets {

// Keeps a provider from being asked in vain. What gets no answer may be one tenant's references or the whole store:
// - Each tenant has a breaker of its own, so that one whose references never get an answer is kept from asking alone.
// - If the last calls of several tenants got no answer, and nobody's did since, the store itself is taken to be away.
//   Then those whose last call got none are let through one at a time, a cooldown apart, until somebody has an answer:
//   it is back, for all. As each one's own pauses grow, no one tenant can take up all of these turns.
// Whose last call was answered, or who has not asked yet, is kept from asking by nobody else's. Not thread-safe.
class ProviderBreakers {
 public:
  // Of so many the last call got no answer: it is the store.
  static constexpr int tenants_that_tell = 3;

  explicit ProviderBreakers(const CircuitBreaker::Options& options);
  ProviderBreakers(const ProviderBreakers&) = delete;
  ProviderBreakers& operator=(const ProviderBreakers&) = delete;

  // Whether a call of the tenant's may be made beside those that are under way: its own, and all.
  [[nodiscard]] bool admits(const TenantId& tenant, int own_in_flight, int in_flight, MonoTime now) const;
  // Whether none will be for a while.
  [[nodiscard]] bool shut(const TenantId& tenant, MonoTime now) const;
  // Of how many tenants nobody asks, or only a probe.
  [[nodiscard]] std::size_t tenants_kept() const;

  // For whom it makes a difference that this tenant's call was answered, or was not.
  enum class Turned { nobody, the_tenant, all };
  Turned answered(const TenantId& tenant);
  Turned failed(const TenantId& tenant, MonoTime now);

 private:
  struct Failing {
    CircuitBreaker breaker;
    std::uint64_t row;  // in which its last call failed
  };

  const CircuitBreaker::Options of_a_tenant_, of_the_store_;
  CircuitBreaker store_;                           // its failures are tenants
  std::unordered_map<TenantId, Failing> failing_;  // those whose last call got no answer
  std::uint64_t row_ = 0;                          // of calls without an answer; each answer begins another
};

}  // namespace opi::secrets
