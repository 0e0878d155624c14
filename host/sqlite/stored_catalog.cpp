#include "sqlite/stored_catalog.hpp"

#include <boost/json.hpp>
#include <unordered_map>

#include "delivery/stored_alert_rules.hpp"
#include "delivery/stored_forms.hpp"
#include "domain/receiver.hpp"
#include "sqlite/query.hpp"
#include "sqlite/stored_retention.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement select_tenants{"read_tenants", R"(
  SELECT t.tenant_id, t.name, t.revision, p.max_attempts, p.timeout_ms, p.backoff_initial_ms, p.backoff_cap_ms, p.backoff_factor,
         p.backoff_jitter, p.dead_letter, p.retryable_statuses, p.retry_after_max_ms, t.alert_rules
  FROM tenants t LEFT JOIN integration_delivery_policy p ON p.tenant_id = t.tenant_id AND p.destination_id = zeroblob(16)
  WHERE ?1 IS NULL OR t.tenant_id = ?1)"};

constexpr Statement select_destinations{"read_destinations", R"(
  SELECT d.tenant_id, d.destination_id, p.max_attempts, p.timeout_ms, p.backoff_initial_ms, p.backoff_cap_ms,
         p.backoff_factor, p.backoff_jitter, p.dead_letter, p.retryable_statuses, d.name, d.adapter, d.endpoint,
         d.subscriptions, d.enabled, d.disabled_reason, d.signing, d.config, d.max_in_flight, d.rate_limit_per_second,
         d.revision, d.delivery_order, d.request_authorization, p.retry_after_max_ms, d.filter
  FROM integration_destinations d LEFT JOIN integration_delivery_policy p
    ON p.tenant_id = d.tenant_id AND p.destination_id = d.destination_id
  WHERE ?1 IS NULL OR d.destination_id = ?1)"};

constexpr Statement select_credentials{"read_credentials", R"(
  SELECT destination_id, purpose, version, reference, expires_at_ms, created_at_ms, bound_to FROM integration_credentials
  WHERE ?1 IS NULL OR destination_id = ?1 ORDER BY destination_id, purpose, version DESC)"};

constexpr Statement delete_policy{"delete_policy",
                                  "DELETE FROM integration_delivery_policy WHERE tenant_id = ? AND destination_id = ?"};

constexpr Statement insert_policy{"insert_policy", R"(
  INSERT INTO integration_delivery_policy (tenant_id, destination_id, max_attempts, timeout_ms, backoff_initial_ms,
    backoff_cap_ms, backoff_factor, backoff_jitter, dead_letter, retryable_statuses, retry_after_max_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))"};

// A text that is no list of these is a newer version's.
template <class Value>
std::vector<Value> list_of(std::string_view json, const char* member, delivery::StoredForms& forms) {
  boost::json::error_code failure;
  const auto value = boost::json::parse(boost::json::string_view{json.data(), json.size()}, failure);
  auto list = boost::json::try_value_to<std::vector<Value>>(value);
  if (failure || !list) {
    forms.unknown(member);
    return {};
  }
  return *std::move(list);
}

PolicyOverride policy_of(const Query& row, int column, int retry_after_column, delivery::StoredForms& forms) {
  const auto milliseconds = [&](int at) -> std::optional<std::chrono::milliseconds> {
    if (row.is_null(at)) return std::nullopt;
    return std::chrono::milliseconds{row.int8(at)};
  };
  PolicyOverride policy;
  if (!row.is_null(column)) policy.max_attempts = row.int4(column);
  policy.timeout = milliseconds(column + 1);
  policy.backoff_initial = milliseconds(column + 2);
  policy.backoff_cap = milliseconds(column + 3);
  policy.retry_after_max = milliseconds(retry_after_column);
  if (!row.is_null(column + 4)) policy.backoff_factor = row.float8(column + 4);
  if (!row.is_null(column + 5)) policy.backoff_jitter = row.float8(column + 5);
  if (!row.is_null(column + 6)) policy.dead_letter = forms.dead_letter(row.view(column + 6));
  if (!row.is_null(column + 7))
    policy.retryable_statuses = list_of<int>(row.view(column + 7), "policy.retryable_statuses", forms);
  return policy;
}

using Credentials = std::unordered_map<DestinationId, std::vector<Credential>>;

Credentials read_credentials(Connection& connection, const std::optional<DestinationId>& only) {
  Query rows{connection, select_credentials};
  if (only)
    rows.uuid(only->value);
  else
    rows.null();
  Credentials credentials;
  while (rows.step())
    credentials[DestinationId{rows.uuid_at(0)}].push_back({rows.string(1), rows.int4(2), rows.string(3),
                                                           rows.optional_time_at(4), rows.time_at(5),
                                                           stored_receiver(rows.string(6))});
  return credentials;
}

}  // namespace

std::string json_of(const std::vector<std::string>& texts) {
  return boost::json::serialize(boost::json::value_from(texts));
}

std::vector<Tenant> read_tenants(Connection& connection, std::optional<TenantId> only) {
  Query rows{connection, select_tenants};
  if (only)
    rows.text(only->str());
  else
    rows.null();
  std::vector<Tenant> tenants;
  while (rows.step()) {
    delivery::StoredForms forms;
    tenants.push_back(
        {TenantId::parse(rows.view(0)).value(), rows.string(1), policy_of(rows, 3, 11, forms), rows.int8(2)});
    tenants.back().alert_rules = delivery::stored_alert_rules(rows.view(12));
    tenants.back().not_understood = forms.not_understood();
  }
  read_retention(connection, tenants);
  return tenants;
}

std::vector<Destination> read_destinations(Connection& connection, std::optional<DestinationId> only) {
  auto credentials = read_credentials(connection, only);
  Query row{connection, select_destinations};
  if (only)
    row.uuid(only->value);
  else
    row.null();
  std::vector<Destination> destinations;
  while (row.step()) {
    Destination one;
    delivery::StoredForms forms;
    one.tenant_id = TenantId::parse(row.view(0)).value();
    one.id = DestinationId{row.uuid_at(1)};
    one.policy_override = policy_of(row, 2, 23, forms);
    one.name = row.string(10);
    one.adapter = row.string(11);
    one.endpoint = row.string(12);
    one.subscriptions = list_of<std::string>(row.view(13), "event_types", forms);
    one.enabled = row.int4(14) != 0;
    one.disabled_reason = row.string(15);
    if (!row.is_null(24)) one.filter = row.string(24);
    one.signing = forms.signing(row.view(16));
    one.config = row.string(17);
    one.max_in_flight = row.int4(18);
    one.rate_limit_per_second = row.float8(19);
    one.revision = row.int8(20);
    one.order = forms.order(row.view(21));
    const auto authorization = row.is_null(22) ? std::nullopt : std::optional{row.view(22)};
    one.authorization = forms.authorization(authorization, !one.filter.empty());
    one.credentials = std::move(credentials[one.id]);
    one.not_understood = forms.not_understood();
    destinations.push_back(std::move(one));
  }
  return destinations;
}

void write_policy(Connection& connection, const TenantId& tenant, const DestinationId& destination,
                  const PolicyOverride& policy) {
  Query{connection, delete_policy}.text(tenant.str()).uuid(destination.value).run();
  if (policy == PolicyOverride{}) return;
  Query insert{connection, insert_policy};
  insert.text(tenant.str()).uuid(destination.value);
  if (policy.max_attempts)
    insert.integer(*policy.max_attempts);
  else
    insert.null();
  for (const auto& duration : {policy.timeout, policy.backoff_initial, policy.backoff_cap})
    if (duration)
      insert.integer(duration->count());
    else
      insert.null();
  for (const auto& number : {policy.backoff_factor, policy.backoff_jitter})
    if (number)
      insert.real(*number);
    else
      insert.null();
  if (policy.dead_letter)
    insert.text(to_string(*policy.dead_letter));
  else
    insert.null();
  if (policy.retryable_statuses)
    insert.text(boost::json::serialize(boost::json::value_from(*policy.retryable_statuses)));
  else
    insert.null();
  if (policy.retry_after_max)
    insert.integer(policy.retry_after_max->count());
  else
    insert.null();
  insert.run();
}

}  // namespace opi::sqlite
