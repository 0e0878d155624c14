#include "ctl/secret_access.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "plugins/reference_template.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr std::string_view scheme = "k8s://";
constexpr const char* rbac_group = "rbac.authorization.k8s.io";

const plugins::ReferenceTemplate& reference_form() {
  static const auto form = [] {
    std::vector<std::string> problems;
    return plugins::ReferenceTemplate::parse("k8s://{namespace}/{secret}/{key}", "reference", problems).value();
  }();
  return form;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= SecretAccessLimits::namespace_length && text.front() != '-' &&
         text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// False if it names no Secret.
bool add(const std::string& reference, const TenantId& tenant, NeededSecrets& needed) {
  try {
    const auto read = reference_form().read(reference, tenant);
    if (!is_namespace_name(read.resource[0]) || !is_object_name(read.resource[1])) return false;
    needed.by_namespace[read.resource[0]].insert(read.resource[1]);
    return true;
  } catch (const secrets::InvalidReference&) {
    return false;
  }
}

json::object object_of(const char* api_version, const char* kind, const std::string& namespace_name,
                       const std::string& name) {
  return {{"apiVersion", api_version},
          {"kind", kind},
          {"metadata",
           {{"name", name},
            {"namespace", namespace_name},
            {"labels",
             {{"app.kubernetes.io/name", "integrationsd"}, {"app.kubernetes.io/managed-by", "integrationsctl"}}}}}};
}

void print(std::string& out, const json::value& value, std::size_t indent);

void print_object(std::string& out, const json::object& object, std::size_t indent) {
  bool first = true;
  for (const auto& [key, value] : object) {
    // The first member stands behind the dash of its list, or the name of its owner's line.
    if (!first) out.append(indent, ' ');
    first = false;
    out.append(key.data(), key.size()).append(":");
    if (value.is_object()) out.append("\n").append(indent + 2, ' ');
    if (value.is_array() && !value.get_array().empty()) out.append("\n");
    if (value.is_primitive()) out.append(" ");
    print(out, value, value.is_array() ? indent : indent + 2);
  }
}

// What access_manifests makes: texts, booleans, lists and objects, none of the latter empty.
void print(std::string& out, const json::value& value, std::size_t indent) {
  if (const auto* const object = value.if_object()) return print_object(out, *object, indent);
  if (const auto* const list = value.if_array()) {
    for (const auto& item : *list) {
      out.append(indent, ' ').append("- ");
      print(out, item, indent + 2);
    }
    return;
  }
  out.append(json::serialize(value)).append("\n");
}

}  // namespace

bool is_namespace_name(std::string_view text) { return is_label(text); }

bool is_object_name(std::string_view text) {
  if (text.size() > SecretAccessLimits::name_length) return false;
  for (;;) {
    const auto dot = text.find('.');
    // A name of one part may be longer than a label of DNS: Kubernetes bounds the whole alone.
    const auto part = text.substr(0, dot);
    if (part.empty() || part.front() == '-' || part.back() == '-') return false;
    if (!std::ranges::all_of(part, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }))
      return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

NeededSecrets needed_secrets(const Catalog& catalog) {
  NeededSecrets needed;
  std::set<DestinationId> malformed;
  for (const auto& [id, destination] : catalog.destinations)
    for (const auto& credential : destination->credentials)
      if (credential.reference.starts_with(scheme) && !add(credential.reference, destination->tenant_id, needed))
        malformed.insert(id);
  needed.malformed.assign(malformed.begin(), malformed.end());
  return needed;
}

std::optional<std::string> excess(const NeededSecrets& needed) {
  for (const auto& [namespace_name, names] : needed.by_namespace)
    if (names.size() > SecretAccessLimits::secrets_of_namespace)
      return "destinations refer to " + std::to_string(names.size()) + " Secrets of " + namespace_name +
             "; a Role names " + std::to_string(SecretAccessLimits::secrets_of_namespace) +
             " at most: spread them over namespaces, or keep several keys in one Secret";
  return std::nullopt;
}

json::array access_manifests(const NeededSecrets& needed, const ServiceAccount& account) {
  json::array documents;
  auto own = object_of("v1", "ServiceAccount", account.namespace_name, account.name);
  // As etc/kubernetes/base has it, whichever is applied last: only the daemon's own pod asks for the token.
  own["automountServiceAccountToken"] = false;
  documents.push_back(std::move(own));
  const std::string role_name = account.name + "-secrets";
  for (const auto& [namespace_name, names] : needed.by_namespace) {
    auto role = object_of("rbac.authorization.k8s.io/v1", "Role", namespace_name, role_name);
    json::array secrets;
    for (const auto& name : names) secrets.emplace_back(name);
    role["rules"] = json::array{json::object{{"apiGroups", json::array{""}},
                                             {"resources", json::array{"secrets"}},
                                             {"resourceNames", std::move(secrets)},
                                             {"verbs", json::array{"get"}}}};
    documents.push_back(std::move(role));
    auto binding = object_of("rbac.authorization.k8s.io/v1", "RoleBinding", namespace_name, role_name);
    binding["roleRef"] = json::object{{"apiGroup", rbac_group}, {"kind", "Role"}, {"name", role_name}};
    binding["subjects"] = json::array{
        json::object{{"kind", "ServiceAccount"}, {"name", account.name}, {"namespace", account.namespace_name}}};
    documents.push_back(std::move(binding));
  }
  return documents;
}

std::string yaml_of(const json::array& documents) {
  std::string out;
  for (const auto& document : documents) {
    if (!out.empty()) out += "---\n";
    print(out, document, 0);
  }
  return out;
}

}  // namespace opi::ctl
