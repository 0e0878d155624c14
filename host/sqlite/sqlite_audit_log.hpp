#pragma once
#include "audit/audit_log.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteAuditLog final : public audit::AuditLog {
 public:
  explicit SqliteAuditLog(SqliteDatabase& database) : database_(database) {}
  void append(const std::vector<audit::Entry>& entries) override;
  std::vector<audit::Record> read(const TenantId& tenant, std::int64_t after, int limit) override;
  std::vector<audit::Record> list(const TenantId& tenant, const audit::AuditFilter& filter) override;
  audit::Link head(const TenantId& tenant) override;
  std::vector<std::pair<std::string, audit::Link>> heads() override;

 private:
  SqliteDatabase& database_;
};

}  // namespace opi::sqlite
