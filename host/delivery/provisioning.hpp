#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "delivery/catalog_store.hpp"
#include "delivery/envelope.hpp"
#include "domain/catalog.hpp"

namespace opi::delivery {

// Tenants and their destinations as a document describes them (docs/operations.md).
struct Provision {
  std::vector<Tenant> tenants;
  std::vector<Destination> destinations;
};

// Reads a document; every error names its place, such as "tenants[0].destinations[2].endpoint". Pure.
std::variant<Provision, std::vector<FieldError>> parse_provision(std::string_view json_text);

struct ProvisionResult {
  int tenants_changed = 0, destinations_changed = 0, unchanged = 0;
};

// Creates or replaces what the document names, and touches nothing else. Each change is audited under
// `actor_id`. Applying the same document again changes nothing.
ProvisionResult apply(const Provision& provision, CatalogStore& store, const Clock& clock, const std::string& actor_id);

}  // namespace opi::delivery
