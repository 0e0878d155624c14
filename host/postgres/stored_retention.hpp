#pragma once
#include <vector>

#include "domain/catalog.hpp"
#include "postgres/connection.hpp"

namespace opi::postgres {

// Fills in what these tenants set.
void read_retention(Connection& connection, std::vector<Tenant>& tenants);
void write_retention(Connection& connection, const TenantId& tenant, const RetentionOverride& retention);

}  // namespace opi::postgres
