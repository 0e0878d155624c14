#pragma once
#include <vector>

#include "audit/audit_record.hpp"

namespace opi::audit {

// Appends entries that do not belong to a larger transaction; the stores chain those that do themselves.
// Thread-safe. Throws StoreUnavailable or CommitInDoubt.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  virtual void append(const std::vector<Entry>& entries) = 0;
  // Records of a tenant with sequence > after, ascending, at most limit.
  virtual std::vector<Record> read(const TenantId& tenant, std::int64_t after, int limit) = 0;
};

}  // namespace opi::audit
