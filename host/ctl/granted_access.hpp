#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "ctl/secret_access.hpp"

namespace opi::ctl {

// What an account lacks and has beyond its need, as lines for people; sorted, each once.
struct AccessDifference {
  std::vector<std::string> missing;  // "hooks/siem": `get` of this Secret is not granted
  std::vector<std::string> beyond;   // "get of Secret hooks/old, by Role hooks/integrationsd-secrets"
  [[nodiscard]] bool none() const { return missing.empty() && beyond.empty(); }
};

// Compares with the Roles, ClusterRoles and bindings of a document, as `kubectl get … -o json` writes it. Bindings to
// the account itself are judged whole; those to the groups that every account is in by what they say of Secrets. A
// binding whose role the document lacks is beyond the need: nobody can say what it grants. Throws std::runtime_error if
// it is no such document.
AccessDifference compare_access(const NeededSecrets& needed, const ServiceAccount& account,
                                const boost::json::value& document);

}  // namespace opi::ctl
