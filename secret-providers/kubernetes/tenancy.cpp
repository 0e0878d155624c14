#include "tenancy.hpp"

#include <opi/plugin.hpp>

#include "names.hpp"

namespace opi::kubernetes {

using sdk::Failure;

void Tenancy::check(std::string_view tenant, std::string_view space) const {
  if (owns(tenant, space)) return;
  if (settings_.tenant_label.empty())
    throw Failure(OPI_E_DENIED, "tenant_namespaces does not give this namespace to the tenant");
  if (!is_label_value(tenant))
    throw Failure(OPI_E_DENIED,
                  "the tenant's name cannot be the value of a label; give it the namespace by tenant_namespaces");
}

bool Tenancy::owns(std::string_view tenant, std::string_view space) const {
  const auto found = settings_.tenant_namespaces.find(std::string(tenant));
  return found != settings_.tenant_namespaces.end() && found->second.contains(std::string(space));
}

bool Tenancy::may_use(std::string_view tenant, std::string_view space, const std::optional<std::string>& label) const {
  if (!settings_.tenant_label.empty() && label) return *label == tenant;
  return owns(tenant, space);
}

}  // namespace opi::kubernetes
