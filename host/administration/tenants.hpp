#pragma once
#include <string_view>

#include "administration/catalog_editor.hpp"

namespace opi::administration {

// The installation's tenants. Thread-safe. Throws StoreUnavailable: nothing was changed.
class Tenants {
 public:
  explicit Tenants(CatalogEditor& editor) : editor_(editor) {}

  // Members: tenant_id, name.
  TenantChange create(std::string_view json, const Actor& actor);
  // Members: name.
  TenantChange rename(const TenantId& id, CatalogEditor::Seen seen, std::string_view json, const Actor& actor);

 private:
  CatalogEditor& editor_;
};

}  // namespace opi::administration
