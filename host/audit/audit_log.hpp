#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit_record.hpp"

namespace opi::audit {

struct AuditFilter {
  std::optional<std::int64_t> before;  // cursor: only records of a lower sequence
  std::optional<Action> action;
  std::optional<std::string> actor_id, target, correlation_id;
  // What the record's details name as event_id, alert_id, evidence_id or ticket_id: "<kind>:<id>", such as "alert:A-1".
  std::optional<std::string> reference;
  std::optional<UnixTime> from, to;  // from <= at < to
  int limit = 50;                    // 1 to 200
};

// Appends entries that do not belong to a larger transaction; the stores chain those that do themselves.
// Thread-safe. Throws StoreUnavailable or CommitInDoubt.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual void append(const std::vector<Entry>& entries) = 0;
  // Records of a tenant with sequence > after, ascending, at most limit.
  virtual std::vector<Record> read(const TenantId& tenant, std::int64_t after, int limit) = 0;
  // Records of a tenant, newest first.
  virtual std::vector<Record> list(const TenantId& tenant, const AuditFilter& filter) = 0;
  // The last link of the tenant's chain; genesis() if it has none.
  virtual Link head(const TenantId& tenant) = 0;
  // The last link of every chain that has one, the installation's included, by the tenant's name as it is stored.
  virtual std::vector<std::pair<std::string, Link>> heads() = 0;
};

}  // namespace opi::audit
