#pragma once
#include <boost/json/object.hpp>
#include <string_view>

#include "administration/catalog_editor.hpp"

namespace opi::administration {

// A tenant's rules for alerts. The document holds members of AlertRules; what is left out is as it comes. Thread-safe.
// Throws StoreUnavailable: nothing was changed.
class AlertSettings {
 public:
  explicit AlertSettings(CatalogEditor& editor) : editor_(editor) {}

  TenantChange replace(const TenantId& tenant, CatalogEditor::Seen seen, std::string_view json, const Actor& actor);

 private:
  CatalogEditor& editor_;
};

// The members that the tenant sets, and those that hold. Pure.
boost::json::object view_of(const AlertRulesOverride& own);

}  // namespace opi::administration
