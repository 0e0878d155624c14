#pragma once
#include "api/route_table.hpp"
#include "audit/audit_log.hpp"
#include "audit/trail_checkpoint.hpp"

namespace opi::api {

struct AuditRouteLimits {
  static constexpr int export_records = 10'000;  // a request; integrationsctl exports without limit
  static constexpr int checked_records = 10'000, default_checked_records = 1'000;
};

// GET /api/v1/audit (filters action, actor_id, target, correlation_id, from, to; cursor, limit), /audit/{sequence},
// /audit/chain (the chain's head and whether its last records hold) and /audit/export (JSON Lines with signed
// checkpoints; after, limit), which is itself audited. `key` signs exports and outlives the routes; the checkpoints
// that stand in the trail must be of one of the trusted keys.
void add_audit_routes(RouteTable& routes, audit::AuditLog& log, const crypto::Ed25519Key& key,
                      const audit::TrustedKeys& trusted, const Clock& clock);

}  // namespace opi::api
