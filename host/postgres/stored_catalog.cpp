#include "postgres/stored_catalog.hpp"

#include <algorithm>
#include <unordered_map>

#include "delivery/stored_alert_rules.hpp"
#include "delivery/stored_forms.hpp"
#include "domain/receiver.hpp"
#include "postgres/stored_retention.hpp"

namespace opi::postgres {
namespace {

constexpr Statement select_tenants{"read_tenants", R"(
  SELECT t.tenant_id, t.name, t.revision, p.max_attempts, p.timeout_ms, p.backoff_initial_ms, p.backoff_cap_ms, p.backoff_factor,
         p.backoff_jitter, p.dead_letter, p.retryable_statuses, p.retry_after_max_ms, t.alert_rules
  FROM tenants t LEFT JOIN integration_delivery_policy p
    ON p.tenant_id = t.tenant_id AND p.destination_id = '00000000-0000-0000-0000-000000000000'
  WHERE $1::text IS NULL OR t.tenant_id = $1::text)"};

constexpr Statement select_destinations{"read_destinations", R"(
  SELECT d.tenant_id, d.destination_id, p.max_attempts, p.timeout_ms, p.backoff_initial_ms, p.backoff_cap_ms,
         p.backoff_factor, p.backoff_jitter, p.dead_letter, p.retryable_statuses, d.name, d.adapter, d.endpoint,
         d.subscriptions, d.enabled, d.disabled_reason, d.signing, d.config, d.max_in_flight, d.rate_limit_per_second,
         d.revision, d.delivery_order, d.request_authorization, p.retry_after_max_ms, d.filter
  FROM integration_destinations d LEFT JOIN integration_delivery_policy p
    ON p.tenant_id = d.tenant_id AND p.destination_id = d.destination_id
  WHERE $1::uuid IS NULL OR d.destination_id = $1::uuid)"};

constexpr Statement select_credentials{"read_credentials", R"(
  SELECT destination_id, purpose, version, reference, expires_at, created_at, bound_to FROM integration_credentials
  WHERE $1::uuid IS NULL OR destination_id = $1::uuid ORDER BY destination_id, purpose, version DESC)"};

constexpr Statement delete_policy{
    "delete_policy",
    "DELETE FROM integration_delivery_policy WHERE tenant_id = $1::text AND destination_id = $2::uuid"};

constexpr Statement insert_policy{"insert_policy", R"(
  INSERT INTO integration_delivery_policy (tenant_id, destination_id, max_attempts, timeout_ms, backoff_initial_ms,
    backoff_cap_ms, backoff_factor, backoff_jitter, dead_letter, retryable_statuses, retry_after_max_ms)
  VALUES ($1::text, $2::uuid, $3::int, $4::bigint, $5::bigint, $6::bigint, $7::float8, $8::float8, $9::text, $10::int[], $11::bigint))"};

PolicyOverride policy_of(const Rows& rows, int row, int column, int retry_after_column, delivery::StoredForms& forms) {
  const auto milliseconds = [&](int at) -> std::optional<std::chrono::milliseconds> {
    if (rows.is_null(row, at)) return std::nullopt;
    return std::chrono::milliseconds{rows.int8(row, at)};
  };
  PolicyOverride policy;
  if (!rows.is_null(row, column)) policy.max_attempts = rows.int4(row, column);
  policy.timeout = milliseconds(column + 1);
  policy.backoff_initial = milliseconds(column + 2);
  policy.backoff_cap = milliseconds(column + 3);
  policy.retry_after_max = milliseconds(retry_after_column);
  if (!rows.is_null(row, column + 4)) policy.backoff_factor = rows.float8(row, column + 4);
  if (!rows.is_null(row, column + 5)) policy.backoff_jitter = rows.float8(row, column + 5);
  if (!rows.is_null(row, column + 6)) policy.dead_letter = forms.dead_letter(rows.text(row, column + 6));
  if (!rows.is_null(row, column + 7)) policy.retryable_statuses = rows.int4_array(row, column + 7);
  return policy;
}

}  // namespace

std::vector<Tenant> read_tenants(Connection& connection, std::optional<TenantId> only) {
  Parameters parameters;
  if (only)
    parameters.text(only->str());
  else
    parameters.null();
  const auto rows = connection.execute(select_tenants, parameters);
  std::vector<Tenant> tenants;
  for (int i = 0; i < rows.size(); ++i) {
    delivery::StoredForms forms;
    tenants.push_back({TenantId::parse(rows.text(i, 0)).value(), rows.string(i, 1), policy_of(rows, i, 3, 11, forms),
                       rows.int8(i, 2)});
    tenants.back().alert_rules = delivery::stored_alert_rules(rows.text(i, 12));
    tenants.back().not_understood = forms.not_understood();
  }
  read_retention(connection, tenants);
  return tenants;
}

std::vector<Destination> read_destinations(Connection& connection, std::optional<DestinationId> only) {
  Parameters parameters;
  if (only)
    parameters.uuid(only->value);
  else
    parameters.null();
  const auto credential_rows = connection.execute(select_credentials, parameters);
  std::unordered_map<DestinationId, std::vector<Credential>> credentials;
  for (int i = 0; i < credential_rows.size(); ++i)
    credentials[DestinationId{credential_rows.uuid(i, 0)}].push_back(
        {credential_rows.string(i, 1), credential_rows.int4(i, 2), credential_rows.string(i, 3),
         credential_rows.optional_time(i, 4), credential_rows.time(i, 5),
         stored_receiver(credential_rows.string(i, 6))});

  const auto rows = connection.execute(select_destinations, parameters);
  std::vector<Destination> destinations;
  for (int i = 0; i < rows.size(); ++i) {
    Destination one;
    delivery::StoredForms forms;
    one.tenant_id = TenantId::parse(rows.text(i, 0)).value();
    one.id = DestinationId{rows.uuid(i, 1)};
    one.policy_override = policy_of(rows, i, 2, 23, forms);
    one.name = rows.string(i, 10);
    one.adapter = rows.string(i, 11);
    one.endpoint = rows.string(i, 12);
    one.subscriptions = rows.text_array(i, 13);
    one.enabled = rows.boolean(i, 14);
    one.disabled_reason = rows.string(i, 15);
    if (!rows.is_null(i, 24)) one.filter = rows.string(i, 24);
    one.signing = forms.signing(rows.text(i, 16));
    one.config = rows.string(i, 17);
    one.max_in_flight = rows.int4(i, 18);
    one.rate_limit_per_second = rows.float8(i, 19);
    one.revision = rows.int8(i, 20);
    one.order = forms.order(rows.text(i, 21));
    const auto authorization = rows.is_null(i, 22) ? std::nullopt : std::optional{rows.text(i, 22)};
    one.authorization = forms.authorization(authorization, !one.filter.empty());
    one.credentials = std::move(credentials[one.id]);
    one.not_understood = forms.not_understood();
    destinations.push_back(std::move(one));
  }
  return destinations;
}

void write_policy(Connection& connection, const TenantId& tenant, const DestinationId& destination,
                  const PolicyOverride& policy) {
  connection.execute(delete_policy, Parameters{}.text(tenant.str()).uuid(destination.value));
  if (policy == PolicyOverride{}) return;
  Parameters parameters;
  parameters.text(tenant.str()).uuid(destination.value);
  if (policy.max_attempts)
    parameters.int4(*policy.max_attempts);
  else
    parameters.null();
  for (const auto& duration : {policy.timeout, policy.backoff_initial, policy.backoff_cap})
    if (duration)
      parameters.int8(duration->count());
    else
      parameters.null();
  for (const auto& number : {policy.backoff_factor, policy.backoff_jitter})
    if (number)
      parameters.float8(*number);
    else
      parameters.null();
  if (policy.dead_letter)
    parameters.text(to_string(*policy.dead_letter));
  else
    parameters.null();
  ArrayParameter statuses{ArrayParameter::Element::int4};
  if (policy.retryable_statuses) {
    for (const int status : *policy.retryable_statuses) statuses.add_int4(status);
    parameters.array(statuses);
  } else {
    parameters.null();
  }
  if (policy.retry_after_max)
    parameters.int8(policy.retry_after_max->count());
  else
    parameters.null();
  connection.execute(insert_policy, parameters);
}

}  // namespace opi::postgres
