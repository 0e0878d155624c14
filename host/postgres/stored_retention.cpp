#include "postgres/stored_retention.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

namespace opi::postgres {
namespace {

constexpr Statement select_retention{"read_retention", R"(
  SELECT tenant_id, delivered_days, failed_days, delivery_events_days, rollup_days FROM tenant_retention)"};

constexpr Statement delete_retention{"delete_retention", "DELETE FROM tenant_retention WHERE tenant_id = $1::text"};

constexpr Statement insert_retention{"insert_retention", R"(
  INSERT INTO tenant_retention (tenant_id, delivered_days, failed_days, delivery_events_days, rollup_days)
  VALUES ($1::text, $2::int, $3::int, $4::int, $5::int))"};

}  // namespace

void read_retention(Connection& connection, std::vector<Tenant>& tenants) {
  std::unordered_map<std::string_view, Tenant*> by_id;
  for (auto& tenant : tenants) by_id.emplace(tenant.id.str(), &tenant);
  const auto rows = connection.execute(select_retention);
  for (int i = 0; i < rows.size(); ++i) {
    const auto found = by_id.find(rows.text(i, 0));
    if (found == by_id.end()) continue;
    const auto days = [&](int column) -> std::optional<std::chrono::days> {
      if (rows.is_null(i, column)) return std::nullopt;
      return std::chrono::days{rows.int4(i, column)};
    };
    found->second->retention = {days(1), days(2), days(3), days(4)};
  }
}

void write_retention(Connection& connection, const TenantId& tenant, const RetentionOverride& retention) {
  connection.execute(delete_retention, Parameters{}.text(tenant.str()));
  if (retention == RetentionOverride{}) return;
  Parameters parameters;
  parameters.text(tenant.str());
  for (const auto& age : {retention.delivered, retention.failed, retention.delivery_events, retention.rollup})
    parameters.optional_int4(age ? std::optional{static_cast<std::int32_t>(age->count())} : std::nullopt);
  connection.execute(insert_retention, parameters);
}

}  // namespace opi::postgres
