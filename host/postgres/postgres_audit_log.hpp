#pragma once
#include "audit/audit_log.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresAuditLog final : public audit::AuditLog {
 public:
  explicit PostgresAuditLog(PostgresDatabase& database) : database_(database) {}
  void append(const std::vector<audit::Entry>& entries) override;
  std::vector<audit::Record> read(const TenantId& tenant, std::int64_t after, int limit) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
