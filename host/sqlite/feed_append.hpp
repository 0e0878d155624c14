#pragma once
#include <vector>

#include "delivery/settlement.hpp"
#include "sqlite/connection.hpp"

namespace opi::sqlite {

// The sequence of the last event of the tenant's feed; zero if it has none.
std::int64_t feed_head(Connection& connection, const TenantId& tenant);

// Appends one delivery event for each settlement to its tenant's feed, inside the caller's transaction.
void append_to_feeds(Connection& connection, const std::vector<const delivery::Settlement*>& settlements, UnixTime now);

}  // namespace opi::sqlite
