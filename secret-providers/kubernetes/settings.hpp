#pragma once
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace opi::kubernetes {

// The provider's configuration. Immutable.
struct Settings {
  // in_cluster: the address that the pod's environment names, and the directory of its service account; else a
  // kubeconfig.
  bool in_cluster = false;
  std::string kubeconfig, service_host, service_port, service_account_directory;
  std::string tenant_label;  // empty: labels say nothing
  std::map<std::string, std::set<std::string>> tenant_namespaces;
  std::chrono::seconds ttl{};

  // Throws sdk::Failure, which names the field.
  static Settings parse(std::string_view config_json);
};

}  // namespace opi::kubernetes
