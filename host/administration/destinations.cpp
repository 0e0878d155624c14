#include "administration/destinations.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "administration/document.hpp"
#include "delivery/authorization_fields.hpp"
#include "delivery/destination_fields.hpp"
#include "domain/new_uuid.hpp"
#include "domain/receiver.hpp"

namespace opi::administration {
namespace {

namespace json = boost::json;
using delivery::FieldError;
using delivery::JsonFields;

// The names of the members in which the two differ.
json::array changed_members(const Destination& before, const Destination& after) {
  json::array names;
  const auto compare = [&](const char* name, const auto member) {
    if (before.*member != after.*member) names.emplace_back(name);
  };
  compare("name", &Destination::name);
  compare("adapter", &Destination::adapter);
  compare("endpoint", &Destination::endpoint);
  compare("event_types", &Destination::subscriptions);
  compare("filter", &Destination::filter);
  compare("signing", &Destination::signing);
  compare("order", &Destination::order);
  compare("authorization", &Destination::authorization);
  compare("config", &Destination::config);
  compare("policy", &Destination::policy_override);
  compare("max_in_flight", &Destination::max_in_flight);
  compare("rate_limit_per_second", &Destination::rate_limit_per_second);
  return names;
}

// The purposes whose current credential the change has taken its receiver from.
json::array newly_unbound(const Destination& before, const Destination& after) {
  json::array purposes;
  for (const auto& credential : after.credentials) {
    const json::value purpose(credential.purpose);
    if (is_bound(before, credential) && !is_bound(after, credential) &&
        std::ranges::find(purposes, purpose) == purposes.end())
      purposes.push_back(purpose);
  }
  return purposes;
}

DeliveryPolicy policy_of(const Catalog& catalog, const TenantId& tenant) {
  const auto found = catalog.tenants.find(tenant);
  return found == catalog.tenants.end() ? DeliveryPolicy{} : found->second.policy.applied_to({});
}

}  // namespace

void Destinations::read(const json::object& document, const DeliveryPolicy& tenants_policy, Destination& into,
                        std::vector<FieldError>& errors) {
  JsonFields fields(document, "", errors);
  delivery::read_destination_fields(fields, into);
  if (document.if_contains("order") == nullptr)
    if (const auto adapter = adapters_.find(into.adapter); adapter && adapter->ordered)
      into.order = DeliveryOrder::subject;
  if (const auto endpoint = fields.text("endpoint", DestinationLimits::endpoint_length)) {
    into.endpoint = *endpoint;
    if (const auto fault = endpoints_.fault(into.endpoint)) fields.error("endpoint", *fault);
  }
  check_token_url(document, into, errors);
  if (const auto member = delivery::member_without_tls(into); member && into.has_credential(client_certificate_purpose))
    errors.push_back({*member, delivery::needs_https});
  if (const auto* policy = fields.object("policy"))
    into.policy_override = delivery::read_policy(*policy, "policy", tenants_policy, errors);
}

// A token endpoint is connected to as the destination's own is.
void Destinations::check_token_url(const json::object& document, const Destination& wanted,
                                   std::vector<FieldError>& errors) {
  const auto* named = document.if_contains("authorization");
  const auto* members = named == nullptr ? nullptr : named->if_object();
  if (members == nullptr || members->if_contains("token_url") == nullptr || !wanted.authorization) return;
  if (const auto* client = std::get_if<ClientCredentialsAuthorization>(&*wanted.authorization))
    if (auto fault = endpoints_.fault(client->token_url))
      errors.push_back({"authorization.token_url", std::move(*fault)});
}

// A destination whose plugin is away can be changed in everything that does not need the plugin's word.
void Destinations::check_adapter(const Destination& wanted, const Destination* stored,
                                 std::vector<FieldError>& errors) {
  if (wanted.adapter.empty()) return;
  const bool judged_before = stored != nullptr && stored->adapter == wanted.adapter && stored->config == wanted.config;
  if (!adapters_.find(wanted.adapter)) {
    if (!judged_before) errors.push_back({"adapter", "is not loaded; GET /api/v1/adapters lists what is"});
    return;
  }
  for (auto& fault : adapters_.check_config(wanted.adapter, wanted.config)) errors.push_back(std::move(fault));
  if (errors.empty()) errors = adapters_.refusal(wanted);
}

DestinationChange Destinations::create(const TenantId& tenant, std::string_view text, const Actor& actor) {
  const auto catalog = editor_.catalog();
  if (!catalog->tenants.contains(tenant)) return DestinationChange::of(ChangeStatus::missing);
  auto parsed = parse_document(text);
  if (auto* errors = std::get_if<std::vector<FieldError>>(&parsed))
    return DestinationChange::invalid(std::move(*errors));
  const auto& document = std::get<json::object>(parsed);
  std::vector<FieldError> errors;
  JsonFields fields(document, "", errors);
  fields.refuse_unknown({"name", "adapter", "endpoint", "event_types", "filter", "enabled", "signing", "order",
                         "authorization", "config", "policy", "max_in_flight", "rate_limit_per_second"});
  Destination wanted;
  wanted.tenant_id = tenant;
  wanted.id = DestinationId{new_uuid(clock_, random_)};
  read(document, policy_of(*catalog, tenant), wanted, errors);
  if (document.if_contains("endpoint") == nullptr) fields.error("endpoint", "is missing");
  wanted.enabled = fields.boolean("enabled").value_or(true);
  if (!wanted.enabled) wanted.disabled_reason = "created disabled";
  check_adapter(wanted, nullptr, errors);
  if (!errors.empty()) return DestinationChange::invalid(std::move(errors));
  return editor_.create(wanted, actor,
                        {{"name", wanted.name}, {"adapter", wanted.adapter}, {"enabled", wanted.enabled}});
}

DestinationChange Destinations::replace(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                                        std::string_view text, const Actor& actor) {
  auto parsed = parse_document(text);
  return editor_.edit(
      tenant, id, seen, actor, audit::Action::destination_changed, [&](Destination& wanted, const Catalog& catalog) {
        CatalogEditor::Edit edit;
        if (const auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) {
          edit.errors = *errors;
          return edit;
        }
        const auto& document = std::get<json::object>(parsed);
        JsonFields(document, "", edit.errors)
            .refuse_unknown({"name", "adapter", "endpoint", "event_types", "filter", "signing", "order",
                             "authorization", "config", "policy", "max_in_flight", "rate_limit_per_second"});
        const Destination before = wanted;
        read(document, policy_of(catalog, tenant), wanted, edit.errors);
        check_adapter(wanted, &before, edit.errors);
        edit.details["changed"] = changed_members(before, wanted);
        if (auto unbound = newly_unbound(before, wanted); !unbound.empty())
          edit.details["unbound"] = std::move(unbound);
        return edit;
      });
}

DestinationChange Destinations::enable(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                                       const Actor& actor) {
  return editor_.edit(tenant, id, seen, actor, audit::Action::destination_enabled,
                      [](Destination& wanted, const Catalog&) {
                        CatalogEditor::Edit edit;
                        if (!wanted.enabled) edit.details["disabled_reason_was"] = wanted.disabled_reason;
                        wanted.enabled = true;
                        wanted.disabled_reason.clear();
                        return edit;
                      });
}

DestinationChange Destinations::disable(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                                        std::string_view text, const Actor& actor) {
  auto parsed = parse_document(text);
  std::vector<FieldError> errors;
  std::string reason;
  if (auto* faults = std::get_if<std::vector<FieldError>>(&parsed)) {
    errors = std::move(*faults);
  } else {
    JsonFields fields(std::get<json::object>(parsed), "", errors);
    fields.refuse_unknown({"reason"});
    reason = fields.required_text("reason", DestinationLimits::disabled_reason_length);
  }
  return editor_.edit(tenant, id, seen, actor, audit::Action::destination_disabled,
                      [&](Destination& wanted, const Catalog&) {
                        CatalogEditor::Edit edit;
                        edit.errors = errors;
                        wanted.enabled = false;
                        wanted.disabled_reason = reason;
                        edit.details["reason"] = reason;
                        return edit;
                      });
}

}  // namespace opi::administration
