#pragma once
#include <boost/json/array.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/catalog.hpp"

namespace opi::ctl {

// The Secrets of a cluster that destinations refer to, and the rights that reading them takes.

struct SecretAccessLimits {
  static constexpr std::size_t namespace_length = 63, name_length = 253;  // of Kubernetes
  // One Role holds the names of a namespace, and a cluster's store takes objects of 1.5 MiB.
  static constexpr std::size_t secrets_of_namespace = 4'000;
};

struct NeededSecrets {
  std::map<std::string, std::set<std::string>> by_namespace;
  // Destinations, sorted, with a k8s:// reference that names no Secret: their references are not shown.
  std::vector<DestinationId> malformed;
};

// Of all tenants, enabled or not, in every version that is stored.
NeededSecrets needed_secrets(const Catalog& catalog);
// Of which namespace more Secrets are needed than one Role can name, and what to do; nullopt: of none.
std::optional<std::string> excess(const NeededSecrets& needed);

// Who reads them.
struct ServiceAccount {
  std::string namespace_name, name;
};

bool is_namespace_name(std::string_view text);  // a DNS label
bool is_object_name(std::string_view text);     // a DNS subdomain

// ServiceAccount, and for each namespace a Role and its RoleBinding: `get` of exactly these names. In a stable order.
boost::json::array access_manifests(const NeededSecrets& needed, const ServiceAccount& account);

// Documents of a YAML stream. Every text is quoted: a Secret may be called "123" or "null".
std::string yaml_of(const boost::json::array& documents);

}  // namespace opi::ctl
