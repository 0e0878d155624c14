#include "delivery/stored_forms.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "delivery/authorization_fields.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

constexpr const char* filter_mark = "filtered";

}  // namespace

// Until somebody knows better the strictest one holds: nothing is sent anyway.
SigningRule StoredForms::signing(std::string_view text) {
  if (text == "disabled") return SigningRule::disabled;
  if (text != "required") unknown("signing");
  return SigningRule::required;
}

DeliveryOrder StoredForms::order(std::string_view text) {
  if (text == "subject") return DeliveryOrder::subject;
  if (text != "none") unknown("order");
  return DeliveryOrder::none;
}

DeadLetterBehaviour StoredForms::dead_letter(std::string_view text) {
  const auto known = parse_dead_letter_behaviour(text);
  if (!known) unknown("policy.dead_letter");
  return known.value_or(DeadLetterBehaviour::always);
}

std::optional<Authorization> StoredForms::authorization(std::optional<std::string_view> text, bool filtered) {
  json::error_code failure;
  auto value = text ? json::parse({text->data(), text->size()}, failure) : json::value(json::object{});
  auto* object = failure ? nullptr : value.if_object();
  if (object == nullptr) {
    unknown("authorization");
    return std::nullopt;
  }
  const auto* mark = object->if_contains(filter_mark);
  if (filtered != (mark != nullptr && *mark == true)) unknown("filter");
  object->erase(filter_mark);
  if (object->empty()) return std::nullopt;
  auto known = parse_authorization_text(json::serialize(*object));
  if (!known) unknown("authorization");
  return known;
}

std::string StoredForms::not_understood() const {
  std::string text;
  for (const auto& member : members_) text += (text.empty() ? "" : ", ") + member;
  return text.empty() ? text : "a newer version of this program has written what this one does not know: " + text;
}

std::optional<std::string> stored_authorization(const Destination& destination) {
  if (destination.filter.empty()) return authorization_text(destination.authorization);
  auto members = destination.authorization ? to_json(*destination.authorization) : json::object{};
  members[filter_mark] = true;
  return json::serialize(members);
}

Catalog assembled(std::int64_t revision, std::vector<Tenant> tenants, std::vector<Destination> destinations) {
  Catalog catalog;
  catalog.revision = revision;
  for (auto& tenant : tenants) {
    const TenantId id = tenant.id;
    catalog.tenants.emplace(id, std::move(tenant));
  }
  for (auto& one : destinations) {
    const auto tenant = catalog.tenants.find(one.tenant_id);
    if (one.not_understood.empty() && tenant != catalog.tenants.end())
      one.not_understood = tenant->second.not_understood;
    const auto shared = std::make_shared<const Destination>(std::move(one));
    catalog.destinations.emplace(shared->id, shared);
    catalog.by_tenant[shared->tenant_id].push_back(shared);
  }
  return catalog;
}

}  // namespace opi::delivery
