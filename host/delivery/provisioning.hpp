#pragma once
#include <functional>
#include <optional>
#include <set>
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
  std::vector<std::string> places;       // of the destinations in the document, in their order
  std::set<DestinationId> order_unsaid;  // those of them that leave their order to their adapter
};

// Reads a document; every error names its place, such as "tenants[0].destinations[2].endpoint". Pure.
std::variant<Provision, std::vector<FieldError>> parse_provision(std::string_view json_text);

// Those of the document's destinations whose id stands in the catalog already, as another tenant's: a destination never
// changes hands. Pure.
std::vector<FieldError> foreign_destinations(const Provision& provision, const Catalog& catalog);

struct ProvisionResult {
  int tenants_changed = 0, destinations_changed = 0, unchanged = 0;
  std::vector<FieldError> refused;  // by the store, of destinations; all others are applied
};

// The order that an adapter asks for; nullopt if it is not loaded here.
using AdapterOrder = std::function<std::optional<DeliveryOrder>(const std::string& adapter)>;

// Creates or replaces what the document names, which has no foreign_destinations(), and touches nothing else. Each
// change is audited under `actor_id`. Applying the same document again changes nothing. A destination that does not say
// its order has that of its adapter; if the adapter is unknown, it keeps the one it has. The credentials of a document
// are put for the receiver that it describes: whoever applies one has the store itself.
ProvisionResult apply(const Provision& provision, CatalogStore& store, const Clock& clock, const std::string& actor_id,
                      const AdapterOrder& order_of);

}  // namespace opi::delivery
