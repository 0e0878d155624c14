#include "delivery/provisioning.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "delivery/authorization_fields.hpp"
#include "delivery/catalog_write.hpp"
#include "delivery/destination_fields.hpp"
#include "delivery/json_fields.hpp"
#include "domain/receiver.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

// "2026-11-23T15:04:05Z" with any zone, to the second.
std::optional<UnixTime> parse_time(const std::string& text) {
  if (!is_rfc3339(text)) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t count) { return std::stoi(text.substr(at, count)); };
  const std::chrono::year_month_day date{std::chrono::year{number(0, 4)},
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  auto time = std::chrono::sys_days{date} + std::chrono::hours{number(11, 2)} + std::chrono::minutes{number(14, 2)} +
              std::chrono::seconds{number(17, 2)};
  if (const char zone = text.back(); zone != 'Z' && zone != 'z') {
    const std::size_t at = text.size() - 6;
    const auto offset = std::chrono::hours{number(at + 1, 2)} + std::chrono::minutes{number(at + 4, 2)};
    time -= text[at] == '+' ? offset : -offset;
  }
  return std::chrono::time_point_cast<std::chrono::milliseconds>(time);
}

class DocumentReader {
 public:
  std::variant<Provision, std::vector<FieldError>> read(const json::value& document) {
    const auto* object = document.if_object();
    if (object == nullptr) return std::vector<FieldError>{{"", "must be a JSON object"}};
    JsonFields fields(*object, "", errors_);
    fields.refuse_unknown({"tenants"});
    if (const auto* tenants = fields.array("tenants")) {
      for (std::size_t i = 0; i < tenants->size(); ++i)
        each((*tenants)[i], "tenants[" + std::to_string(i) + "]", &DocumentReader::tenant);
    } else if (errors_.empty()) {
      fields.error("tenants", "is missing");
    }
    if (!errors_.empty()) return std::move(errors_);
    return std::move(provision_);
  }

 private:
  void each(const json::value& value, const std::string& path,
            void (DocumentReader::*read_one)(const json::object&, const std::string&)) {
    if (const auto* object = value.if_object())
      (this->*read_one)(*object, path);
    else
      errors_.push_back({path, "must be an object"});
  }

  void tenant(const json::object& object, const std::string& path) {
    JsonFields fields(object, path, errors_);
    fields.refuse_unknown({"tenant_id", "name", "policy", "retention", "destinations"});
    Tenant tenant;
    const auto id = fields.required_text("tenant_id", TenantTag::max_length);
    if (const auto parsed = TenantId::parse(id); parsed && !id.starts_with('_'))
      tenant.id = *parsed;
    else if (!id.empty())
      fields.error("tenant_id", "may hold lower-case letters, digits, '-' and '_', and not begin with '_'");
    tenant.name = fields.required_text("name", DestinationLimits::name_length);
    if (const auto* policy = fields.object("policy"))
      tenant.policy = read_policy(*policy, fields.path_of("policy"), {}, errors_);
    if (const auto* retention = fields.object("retention"))
      tenant.retention = read_retention(*retention, fields.path_of("retention"), errors_);
    tenant_ = tenant;
    provision_.tenants.push_back(tenant);
    if (const auto* destinations = fields.array("destinations"))
      for (std::size_t i = 0; i < destinations->size(); ++i)
        each((*destinations)[i], fields.path_of("destinations[" + std::to_string(i) + "]"),
             &DocumentReader::destination);
  }

  void destination(const json::object& object, const std::string& path) {
    JsonFields fields(object, path, errors_);
    fields.refuse_unknown({"destination_id", "name", "adapter", "endpoint", "event_types", "filter", "enabled",
                           "signing", "order", "authorization", "config", "policy", "max_in_flight",
                           "rate_limit_per_second", "credentials"});
    Destination destination;
    destination.tenant_id = tenant_.id;
    const auto id = fields.required_text("destination_id", 36);
    if (const auto parsed = DestinationId::parse(id))
      destination.id = *parsed;
    else if (!id.empty())
      fields.error("destination_id", "must be a UUID");
    // Under which the stores keep what a tenant says for all of its destinations.
    if (!id.empty() && id.find_first_not_of("0-") == std::string::npos)
      fields.error("destination_id", "must not be the nil UUID");
    if (!seen_.insert(destination.id).second) fields.error("destination_id", "stands in the document twice");
    read_destination_fields(fields, destination);
    if (!object.contains("order")) provision_.order_unsaid.insert(destination.id);
    destination.endpoint = fields.required_text("endpoint", DestinationLimits::endpoint_length);
    destination.enabled = fields.boolean("enabled").value_or(true);
    if (!destination.enabled) destination.disabled_reason = "disabled by configuration";
    if (const auto* policy = fields.object("policy"))
      destination.policy_override =
          read_policy(*policy, fields.path_of("policy"), tenant_.policy.applied_to({}), errors_);
    read_credentials(fields, destination);
    if (const auto member = member_without_tls(destination);
        member && destination.has_credential(client_certificate_purpose))
      fields.error(*member, needs_https);
    provision_.destinations.push_back(std::move(destination));
    provision_.places.push_back(path);
  }

  void read_credentials(JsonFields& fields, Destination& destination) {
    const auto* list = fields.array("credentials");
    if (list == nullptr) return;
    std::set<std::pair<std::string, int>> seen;
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string path = fields.path_of("credentials[" + std::to_string(i) + "]");
      const auto* object = (*list)[i].if_object();
      if (object == nullptr) {
        errors_.push_back({path, "must be an object"});
        continue;
      }
      JsonFields members(*object, path, errors_);
      members.refuse_unknown({"purpose", "version", "reference", "expires_at"});
      Credential credential;
      credential.purpose = members.required_text("purpose", CredentialLimits::purpose_length);
      if (!credential.purpose.empty() && !is_credential_purpose(credential.purpose))
        members.error("purpose", "may hold letters, digits, '-', '_' and '.' only");
      if (credential.purpose == authorization_purpose && !destination.authorization)
        members.error("purpose", "is of an authorization, and the destination has none");
      credential.version = static_cast<int>(members.integer("version", 1, 1'000'000).value_or(1));
      credential.reference = read_reference(members);
      if (const auto until = members.text("expires_at", 40)) {
        credential.expires_at = parse_time(*until);
        if (!credential.expires_at) members.error("expires_at", "must be RFC 3339");
      }
      if (!seen.insert({credential.purpose, credential.version}).second)
        members.error("version", "of this purpose stands here twice");
      destination.credentials.push_back(std::move(credential));
    }
  }

  Provision provision_;
  Tenant tenant_;
  std::set<DestinationId> seen_;
  std::vector<FieldError> errors_;
};

// The purposes of secrets that stand in the store for another receiver: naming them with the destination puts them
// anew.
json::array bound_again(const Destination& wanted, const Catalog& before) {
  json::array purposes;
  const auto stored = before.destinations.find(wanted.id);
  if (stored == before.destinations.end()) return purposes;
  for (const auto& one : wanted.credentials) {
    const auto known = std::ranges::find_if(stored->second->credentials, [&](const Credential& other) {
      return other.purpose == one.purpose && other.version == one.version && other.reference == one.reference;
    });
    if (known != stored->second->credentials.end() && !is_bound(wanted, *known)) purposes.emplace_back(one.purpose);
  }
  return purposes;
}

FieldError of_newer_version(std::string what) {
  return {std::move(what), "was written by a newer version, which says what this one does not know and would lose"};
}

// What the adapter asks for; of one that is not known, what the destination has had with it.
DeliveryOrder left_to_adapter(const Destination& destination, const Catalog& before, const AdapterOrder& order_of) {
  if (const auto wish = order_of(destination.adapter)) return *wish;
  const auto found = before.destinations.find(destination.id);
  const bool same = found != before.destinations.end() && found->second->adapter == destination.adapter;
  return same ? found->second->order : destination.order;
}

}  // namespace

std::variant<Provision, std::vector<FieldError>> parse_provision(std::string_view json_text) {
  json::error_code failure;
  const auto document = json::parse({json_text.data(), json_text.size()}, failure);
  if (failure) return std::vector<FieldError>{{"", "is not valid JSON: " + failure.message()}};
  return DocumentReader().read(document);
}

std::vector<FieldError> foreign_destinations(const Provision& provision, const Catalog& catalog) {
  std::vector<FieldError> foreign;
  for (std::size_t i = 0; i < provision.destinations.size(); ++i) {
    const auto stored = catalog.destinations.find(provision.destinations[i].id);
    if (stored != catalog.destinations.end() && stored->second->tenant_id != provision.destinations[i].tenant_id)
      foreign.push_back({provision.places[i] + ".destination_id", "is the id of another tenant's destination"});
  }
  return foreign;
}

ProvisionResult apply(const Provision& provision, CatalogStore& store, const Clock& clock, const std::string& actor_id,
                      const AdapterOrder& order_of) {
  ProvisionResult result;
  const Catalog before = store.load();
  const auto entry = [&](const TenantId& tenant, audit::Action action, std::string target) {
    audit::Entry fresh;
    fresh.tenant = tenant;
    fresh.at = clock.unix_now();
    fresh.actor_id = actor_id;
    fresh.action = action;
    fresh.target = std::move(target);
    return fresh;
  };
  for (const auto& tenant : provision.tenants) {
    const auto action =
        before.tenants.contains(tenant.id) ? audit::Action::policy_changed : audit::Action::tenant_created;
    const std::string target = "tenant:" + tenant.id.str();
    const auto written = store.write_tenant(tenant, Expectation::anything(), entry(tenant.id, action, target));
    if (written == WriteResult::newer) {
      result.refused.push_back(of_newer_version("tenant " + tenant.id.str()));
      continue;
    }
    ++(written == WriteResult::stored ? result.tenants_changed : result.unchanged);
  }
  for (auto destination : provision.destinations) {
    if (provision.order_unsaid.contains(destination.id))
      destination.order = left_to_adapter(destination, before, order_of);
    const auto action = before.destinations.contains(destination.id) ? audit::Action::destination_changed
                                                                     : audit::Action::destination_created;
    auto record = entry(destination.tenant_id, action, "destination:" + destination.id.to_string());
    if (auto purposes = bound_again(destination, before); !purposes.empty())
      record.details = json::serialize(json::object{{"bound_again", std::move(purposes)}});
    const auto written = store.write_destination(destination, Expectation::anything(), record);
    if (written == WriteResult::exhausted) {
      auto fault = too_many_receivers();
      result.refused.push_back(
          {"destination " + destination.id.to_string() + ": " + fault.field, std::move(fault.message)});
      continue;
    }
    if (written == WriteResult::newer) {
      result.refused.push_back(of_newer_version("destination " + destination.id.to_string()));
      continue;
    }
    ++(written == WriteResult::stored ? result.destinations_changed : result.unchanged);
  }
  return result;
}

}  // namespace opi::delivery
