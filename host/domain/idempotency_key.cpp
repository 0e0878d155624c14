#include "domain/idempotency_key.hpp"

namespace opi {

std::string idempotency_canonical_form(const TenantId& tenant, const DestinationId& destination, const EventId& event) {
  std::string form = "opi.idempotency.v1";
  const auto append = [&form](const std::string& part) {
    form += ' ';
    form += std::to_string(part.size());
    form += ':';
    form += part;
  };
  append(tenant.str());
  append(destination.to_string());
  append(event.str());
  return form;
}

}  // namespace opi
