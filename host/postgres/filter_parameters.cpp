#include "postgres/filter_parameters.hpp"

namespace opi::postgres {

void add_list(Parameters& parameters, const std::vector<DestinationId>& ids) {
  if (ids.empty()) {
    parameters.null();
    return;
  }
  ArrayParameter list{ArrayParameter::Element::uuid};
  for (const auto& id : ids) list.add(id.value);
  parameters.array(list);
}

Parameters filter_parameters(const TenantId& tenant, const delivery::DeliveryFilter& filter) {
  const auto [from, before] = delivery::id_range(filter);
  Parameters parameters;
  parameters.text(tenant.str()).uuid(from).uuid(before);
  add_list(parameters, filter.destinations);
  parameters.optional_time(filter.created_from).optional_time(filter.created_to).optional_text(filter.event_type);
  for (const auto* reference : {&filter.correlation_id, &filter.alert_id, &filter.evidence_id, &filter.ticket_id})
    parameters.optional_text(*reference);
  return parameters;
}

}  // namespace opi::postgres
