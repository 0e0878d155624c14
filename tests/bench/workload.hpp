#pragma once
#include <string>
#include <vector>

#include "delivery/catalog_store.hpp"
#include "delivery/delivery_store.hpp"

namespace opi::bench {

// Four tenants with two destinations each; every event goes to exactly one of them.
struct Workload {
  static constexpr int tenants = 4, destinations_per_tenant = 2;
  static constexpr std::size_t payload_bytes = 512;

  std::vector<Tenant> tenant_list;
  std::vector<Destination> destinations;

  // `url`: where all destinations point. `secret_reference` is empty for none.
  Workload(const std::string& url, bool with_secret);

  void store(delivery::CatalogStore& catalog, const Clock& clock) const;
  // Events number `first` to `first + count - 1` with their deliveries, as intake makes them.
  [[nodiscard]] std::vector<delivery::NewEvent> events(std::size_t first, std::size_t count, const Clock& clock,
                                                       Random& random) const;
  // The same as the body of one POST, for one tenant.
  [[nodiscard]] std::string ndjson(std::size_t tenant, std::size_t first, std::size_t count) const;
};

}  // namespace opi::bench
