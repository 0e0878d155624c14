#include "sqlite/stored_retention.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

#include "sqlite/query.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement select_retention{"read_retention", R"(
  SELECT tenant_id, delivered_days, failed_days, delivery_events_days, rollup_days FROM tenant_retention)"};

constexpr Statement delete_retention{"delete_retention", "DELETE FROM tenant_retention WHERE tenant_id = ?"};

constexpr Statement insert_retention{"insert_retention", R"(
  INSERT INTO tenant_retention (tenant_id, delivered_days, failed_days, delivery_events_days, rollup_days)
  VALUES (?, ?, ?, ?, ?))"};

}  // namespace

void read_retention(Connection& connection, std::vector<Tenant>& tenants) {
  std::unordered_map<std::string_view, Tenant*> by_id;
  for (auto& tenant : tenants) by_id.emplace(tenant.id.str(), &tenant);
  Query row{connection, select_retention};
  while (row.step()) {
    const auto found = by_id.find(row.view(0));
    if (found == by_id.end()) continue;
    const auto days = [&](int column) -> std::optional<std::chrono::days> {
      if (row.is_null(column)) return std::nullopt;
      return std::chrono::days{row.int4(column)};
    };
    found->second->retention = {days(1), days(2), days(3), days(4)};
  }
}

void write_retention(Connection& connection, const TenantId& tenant, const RetentionOverride& retention) {
  Query{connection, delete_retention}.text(tenant.str()).run();
  if (retention == RetentionOverride{}) return;
  Query insert{connection, insert_retention};
  insert.text(tenant.str());
  for (const auto& age : {retention.delivered, retention.failed, retention.delivery_events, retention.rollup})
    if (age)
      insert.integer(age->count());
    else
      insert.null();
  insert.run();
}

}  // namespace opi::sqlite
