#pragma once
#include "delivery/delivery_filter.hpp"
#include "postgres/parameters.hpp"

namespace opi::postgres {

// The first eleven parameters of every statement that selects deliveries by filter:
//   $1 tenant text, $2 ids from uuid, $3 ids before uuid, $4 destinations uuid[], $5 created from, $6 created before
//   timestamptz, $7 event type, $8 correlation, $9 alert, $10 evidence, $11 ticket id text.
// What is not set is NULL: these sessions plan with the values, which folds the conditions on it away.
Parameters filter_parameters(const TenantId& tenant, const delivery::DeliveryFilter& filter);

// NULL if it is empty.
void add_list(Parameters& parameters, const std::vector<DestinationId>& ids);

}  // namespace opi::postgres
