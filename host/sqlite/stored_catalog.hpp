#pragma once
#include <optional>

#include "domain/catalog.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// Reads the catalog's rows, all or those of one key. The caller holds a transaction that keeps them together.

std::vector<Tenant> read_tenants(Connection& connection, std::optional<TenantId> only = std::nullopt);

// Credentials by purpose, the current version first.
std::vector<Destination> read_destinations(Connection& connection, std::optional<DestinationId> only = std::nullopt);

// Replaces the policy of the tenant (nil destination) or of one destination.
void write_policy(Connection& connection, const TenantId& tenant, const DestinationId& destination,
                  const PolicyOverride& policy);

// Lists of texts or numbers, as they stand in the tables.
std::string json_of(const std::vector<std::string>& texts);

}  // namespace opi::sqlite
