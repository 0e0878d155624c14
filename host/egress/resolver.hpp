#pragma once
#include <functional>
#include <string>
#include <vector>

#include "domain/ids.hpp"
#include "egress/ip_address.hpp"

namespace opi::egress {

struct Resolution {
  std::vector<IpAddress> addresses;  // in the order to try; empty if the name has none
  std::string failure;               // then why, for people
};

// Turns host names into addresses. Thread-safe.
class Resolver {
 public:
  using Callback = std::function<void(const Resolution&)>;
  virtual ~Resolver() = default;
  // Calls `done` at most once, on any thread, also from inside resolve(); not at all if the resolver is
  // destroyed first. Never blocks. `done` is short and does not throw. `tenant` is whose share of lookups it goes by.
  virtual void resolve(const std::string& host, const TenantId& tenant, Callback done) = 0;
};

}  // namespace opi::egress
