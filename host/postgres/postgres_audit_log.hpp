#pragma once
#include "audit/audit_log.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresAuditLog final : public audit::AuditLog {
 public:
  explicit PostgresAuditLog(PostgresDatabase& database) : database_(database) {}
  void append(const std::vector<audit::Entry>& entries) override;
  std::vector<audit::Record> read(const TenantId& tenant, std::int64_t after, int limit) override;
  std::vector<audit::Record> list(const TenantId& tenant, const audit::AuditFilter& filter) override;
  audit::Link head(const TenantId& tenant) override;
  std::vector<std::pair<std::string, audit::Link>> heads() override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
