#pragma once
#include <string_view>

#include "administration/catalog_editor.hpp"

namespace opi::administration {

// Delivery policies: the tenant's own and its destinations' overrides. Documents hold the members of a policy; what is
// left out comes from the level above. Thread-safe. Throws StoreUnavailable: nothing was changed.
class Policies {
 public:
  explicit Policies(CatalogEditor& editor) : editor_(editor) {}

  // Invalid also if the override of one of the tenant's destinations would not hold over it.
  TenantChange replace(const TenantId& tenant, CatalogEditor::Seen seen, std::string_view json, const Actor& actor);
  DestinationChange replace(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                            std::string_view json, const Actor& actor);
  DestinationChange clear(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                          const Actor& actor);

 private:
  CatalogEditor& editor_;
};

}  // namespace opi::administration
