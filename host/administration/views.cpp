#include "administration/views.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <map>

#include "crypto/digest.hpp"
#include "delivery/authorization_fields.hpp"
#include "delivery/filters.hpp"
#include "domain/timestamp.hpp"
#include "secrets/signing_key.hpp"

namespace opi::administration {
namespace {

namespace json = boost::json;
using secrets::CredentialState;

json::string_view text(std::string_view view) { return {view.data(), view.size()}; }
json::value or_null(const std::string& value) { return value.empty() ? json::value(nullptr) : json::value(value); }

// Whole numbers as such: 4, not 4E0.
json::value number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? json::value(whole) : json::value(value);
}

json::value parsed(const std::string& stored) {
  json::error_code failure;
  auto value = json::parse(stored, failure);
  return failure ? json::value(nullptr) : value;
}

json::array list_of(const std::vector<int>& numbers) {
  json::array list;
  for (const int number : numbers) list.emplace_back(number);
  return list;
}

json::object policy_view(const DeliveryPolicy& policy) {
  return {{"max_attempts", policy.max_attempts},
          {"timeout_ms", policy.timeout.count()},
          {"backoff_initial_ms", policy.backoff_initial.count()},
          {"backoff_factor", number(policy.backoff_factor)},
          {"backoff_cap_ms", policy.backoff_cap.count()},
          {"backoff_jitter", number(policy.backoff_jitter)},
          {"retry_after_max_ms", policy.retry_after_max.count()},
          {"dead_letter", text(to_string(policy.dead_letter))},
          {"retryable_statuses", list_of(policy.retryable_statuses)}};
}

// Only the members that are set: it can be sent back as it is.
json::object override_view(const PolicyOverride& own) {
  json::object view;
  if (own.max_attempts) view["max_attempts"] = *own.max_attempts;
  if (own.timeout) view["timeout_ms"] = own.timeout->count();
  if (own.backoff_initial) view["backoff_initial_ms"] = own.backoff_initial->count();
  if (own.backoff_factor) view["backoff_factor"] = number(*own.backoff_factor);
  if (own.backoff_cap) view["backoff_cap_ms"] = own.backoff_cap->count();
  if (own.backoff_jitter) view["backoff_jitter"] = number(*own.backoff_jitter);
  if (own.retry_after_max) view["retry_after_max_ms"] = own.retry_after_max->count();
  if (own.dead_letter) view["dead_letter"] = text(to_string(*own.dead_letter));
  if (own.retryable_statuses) view["retryable_statuses"] = list_of(*own.retryable_statuses);
  return view;
}

std::string_view url_scheme_of(const std::string& reference) {
  return std::string_view{reference}.substr(0, reference.find("://"));
}

json::object endpoint_view(const TenantId& tenant, const std::string& url) {
  return {{"fingerprint", endpoint_fingerprint(tenant, url)}, {"scheme", text(url_scheme_of(url))}};
}

// Of a filter that this version cannot read, so that every event of the types is delivered.
json::value filter_fault_view(const Destination& destination) {
  const auto fault = delivery::filter_fault(destination);
  if (!fault) return nullptr;
  json::object view{{"message", fault->message}};
  if (fault->offset) view["offset"] = *fault->offset;
  return view;
}

json::value authorization_view(const Destination& destination) {
  if (!destination.authorization) return nullptr;
  auto view = delivery::to_json(*destination.authorization);
  if (const auto* client = std::get_if<ClientCredentialsAuthorization>(&*destination.authorization))
    view["token_url"] = endpoint_view(destination.tenant_id, client->token_url);
  return view;
}

const secrets::CredentialPosture& posture_of(const Credential& credential,
                                             const std::vector<secrets::CredentialPosture>& postures) {
  static const secrets::CredentialPosture unknown;
  const auto known = std::ranges::find_if(postures, [&](const secrets::CredentialPosture& posture) {
    return posture.purpose == credential.purpose && posture.version == credential.version;
  });
  return known == postures.end() ? unknown : *known;
}

// How the destination stands as a whole: what the first current credential lacks that lacks something; missing also if
// it must sign or authorise and has nothing to do that with.
CredentialState summary_of(const Destination& destination, const std::vector<secrets::CredentialPosture>& postures) {
  std::map<std::string, const Credential*> current;
  for (const auto& credential : destination.credentials) {
    auto& newest = current[credential.purpose];
    if (newest == nullptr || newest->version < credential.version) newest = &credential;
  }
  if (destination.signing == SigningRule::required && !current.contains(std::string(secrets::signing_purpose)))
    return CredentialState::missing;
  if (destination.authorization && !current.contains(std::string(authorization_purpose)))
    return CredentialState::missing;
  for (const auto& [purpose, credential] : current)
    if (const auto state = posture_of(*credential, postures).state; state != CredentialState::resolved) return state;
  return CredentialState::resolved;
}

}  // namespace

std::string endpoint_fingerprint(const TenantId& tenant, const std::string& endpoint) {
  return "ep_" + crypto::to_hex(crypto::sha256("opi.endpoint.v1\n" + tenant.str() + "\n" + endpoint)).substr(0, 16);
}

json::object view_of(const Tenant& tenant) { return {{"tenant_id", tenant.id.str()}, {"name", tenant.name}}; }

json::array view_of(const std::vector<Credential>& credentials,
                    const std::vector<secrets::CredentialPosture>& postures) {
  json::array view;
  const std::string* previous = nullptr;
  for (const auto& credential : credentials) {
    const bool current = previous == nullptr || *previous != credential.purpose;
    previous = &credential.purpose;
    const auto& posture = posture_of(credential, postures);
    view.push_back({{"purpose", credential.purpose},
                    {"version", credential.version},
                    {"current", current},
                    {"provider", text(url_scheme_of(credential.reference))},
                    {"posture", text(to_string(posture.state))},
                    {"public_keys", json::array(posture.public_keys.begin(), posture.public_keys.end())},
                    {"warning", or_null(posture.warning)},
                    {"created_at", to_rfc3339(credential.created_at)},
                    {"expires_at", credential.expires_at ? json::value(to_rfc3339(*credential.expires_at)) : nullptr}});
  }
  return view;
}

json::object view_of(const Destination& destination, const DeliveryPolicy& effective,
                     const std::vector<secrets::CredentialPosture>& postures) {
  json::array event_types;
  for (const auto& pattern : destination.subscriptions) event_types.emplace_back(pattern);
  return {{"destination_id", destination.id.to_string()},
          {"name", destination.name},
          {"adapter", destination.adapter},
          {"enabled", destination.enabled},
          {"disabled_reason", or_null(destination.disabled_reason)},
          {"not_understood", or_null(destination.not_understood)},
          {"event_types", std::move(event_types)},
          {"filter", or_null(destination.filter)},
          {"filter_fault", filter_fault_view(destination)},
          {"endpoint", endpoint_view(destination.tenant_id, destination.endpoint)},
          {"signing", destination.signing == SigningRule::required ? "required" : "disabled"},
          {"order", destination.order == DeliveryOrder::subject ? "subject" : "none"},
          {"authorization", authorization_view(destination)},
          {"config", parsed(destination.config)},
          {"max_in_flight", destination.max_in_flight},
          {"rate_limit_per_second", number(destination.rate_limit_per_second)},
          {"timeout_ms", effective.timeout.count()},
          {"max_attempts", effective.max_attempts},
          {"policy", override_view(destination.policy_override)},
          {"effective_policy", policy_view(effective)},
          {"credential_posture", text(to_string(summary_of(destination, postures)))},
          {"credentials", view_of(destination.credentials, postures)}};
}

json::object view_of(const PolicyOverride& own, const DeliveryPolicy& effective) {
  json::array waits;
  constexpr double no_jitter = 0.5;  // the middle of its range
  for (int attempt = 1; attempt <= effective.max_attempts; ++attempt)
    waits.emplace_back(attempt == 1 ? 0 : effective.backoff(attempt - 1, no_jitter).count());
  return {{"policy", override_view(own)},
          {"effective_policy", policy_view(effective)},
          {"schedule_preview_ms", std::move(waits)}};
}

json::object view_of(const AdapterDescription& adapter) {
  json::array slots;
  for (const auto& slot : adapter.slots) slots.push_back({{"purpose", slot.name}, {"title", slot.title}});
  return {{"adapter", adapter.id},
          {"title", adapter.title},
          {"plugin",
           {{"id", adapter.plugin},
            {"version", adapter.plugin_version},
            {"vendor", or_null(adapter.vendor)},
            {"file", adapter.file}}},
          {"config_schema", parsed(adapter.config_schema)},
          {"credential_slots", std::move(slots)},
          {"order", adapter.ordered ? "subject" : "none"}};
}

json::object view_of(const RefusedPlugin& plugin) {
  return {{"file", plugin.file},
          {"stage", plugin.stage},
          {"code", plugin.code},
          {"message", plugin.message},
          {"remedy", plugin.remedy}};
}

}  // namespace opi::administration
