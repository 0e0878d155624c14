#include "administration/policies.hpp"

#include <boost/json/array.hpp>

#include "administration/document.hpp"
#include "delivery/json_fields.hpp"

namespace opi::administration {
namespace {

namespace json = boost::json;
using delivery::FieldError;

json::array changed_members(const PolicyOverride& before, const PolicyOverride& after) {
  json::array names;
  const auto compare = [&](const char* name, const auto member) {
    if (before.*member != after.*member) names.emplace_back(name);
  };
  compare("max_attempts", &PolicyOverride::max_attempts);
  compare("timeout_ms", &PolicyOverride::timeout);
  compare("backoff_initial_ms", &PolicyOverride::backoff_initial);
  compare("backoff_factor", &PolicyOverride::backoff_factor);
  compare("backoff_cap_ms", &PolicyOverride::backoff_cap);
  compare("backoff_jitter", &PolicyOverride::backoff_jitter);
  compare("retry_after_max_ms", &PolicyOverride::retry_after_max);
  compare("dead_letter", &PolicyOverride::dead_letter);
  compare("retryable_statuses", &PolicyOverride::retryable_statuses);
  return names;
}

// Reads the policy into `into`, which `base` stands under.
CatalogEditor::Edit change(std::string_view text, const DeliveryPolicy& base, PolicyOverride& into) {
  CatalogEditor::Edit edit;
  const auto parsed = parse_document(text);
  if (const auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) {
    edit.errors = *errors;
    return edit;
  }
  auto policy = delivery::read_policy(std::get<json::object>(parsed), "", base, edit.errors);
  edit.details["changed"] = changed_members(into, policy);
  into = std::move(policy);
  return edit;
}

void check_overrides(const Tenant& tenant, const Catalog& catalog, std::vector<FieldError>& errors) {
  const auto group = catalog.by_tenant.find(tenant.id);
  if (group == catalog.by_tenant.end()) return;
  const auto base = tenant.policy.applied_to({});
  for (const auto& destination : group->second)
    for (const auto& fault : opi::check(destination->policy_override.applied_to(base)))
      errors.push_back({std::string(fault.field), "does not suit the override of destination " +
                                                      destination->id.to_string() + ": " + std::string(fault.reason)});
}

}  // namespace

TenantChange Policies::replace(const TenantId& tenant, CatalogEditor::Seen seen, std::string_view text,
                               const Actor& actor) {
  return editor_.edit(tenant, seen, actor, audit::Action::policy_changed, [&](Tenant& wanted, const Catalog& catalog) {
    auto edit = change(text, {}, wanted.policy);
    if (edit.errors.empty()) check_overrides(wanted, catalog, edit.errors);
    return edit;
  });
}

DestinationChange Policies::replace(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                                    std::string_view text, const Actor& actor) {
  return editor_.edit(tenant, id, seen, actor, audit::Action::policy_changed,
                      [&](Destination& wanted, const Catalog& catalog) {
                        return change(text, catalog.tenants.at(tenant).policy.applied_to({}), wanted.policy_override);
                      });
}

DestinationChange Policies::clear(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                                  const Actor& actor) {
  return editor_.edit(tenant, id, seen, actor, audit::Action::policy_changed, [](Destination& wanted, const Catalog&) {
    CatalogEditor::Edit edit;
    edit.details["changed"] = changed_members(wanted.policy_override, {});
    wanted.policy_override = {};
    return edit;
  });
}

}  // namespace opi::administration
