#include "settings.hpp"

#include <cstdlib>
#include <opi/kit/config.hpp>

#include "names.hpp"

namespace opi::kubernetes {
namespace {

constexpr std::int64_t longest_ttl = 3600, usual_ttl = 30;

std::string environment(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string absolute_path(const boost::json::object& config, std::string_view field, std::string_view otherwise) {
  auto path = kit::text(config, field, otherwise);
  if (!path.starts_with('/') || path.find('\0') != std::string::npos) kit::wrong(field, "is not an absolute path");
  return path;
}

std::map<std::string, std::set<std::string>> namespaces_of(const boost::json::object& config) {
  std::map<std::string, std::set<std::string>> by_tenant;
  const auto tenants = kit::object_at(config, "tenant_namespaces");
  for (const auto& [tenant, listed] : tenants) {
    if (!listed.is_array()) kit::wrong("tenant_namespaces", "names a tenant without a list of namespaces");
    for (const auto& one : listed.get_array()) {
      if (!one.is_string() || !is_dns_label({one.get_string().data(), one.get_string().size()}))
        kit::wrong("tenant_namespaces", "lists what is not the name of a namespace");
      by_tenant[std::string(tenant)].emplace(one.get_string());
    }
  }
  return by_tenant;
}

}  // namespace

Settings Settings::parse(std::string_view config_json) {
  const auto config = kit::parse_config_object(config_json);
  Settings settings;
  settings.in_cluster = kit::required_text(config, "access") == "in_cluster";
  if (settings.in_cluster) {
    // A plugin's own process has no environment: there it is the name that every cluster has.
    settings.service_host = environment("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc");
    settings.service_port = environment("KUBERNETES_SERVICE_PORT", "443");
  } else {
    settings.kubeconfig = kit::text(config, "access");
    if (!settings.kubeconfig.starts_with('/') || settings.kubeconfig.find('\0') != std::string::npos)
      kit::wrong("access", "is neither in_cluster nor the absolute path of a kubeconfig");
  }
  settings.service_account_directory =
      absolute_path(config, "service_account_directory", "/var/run/secrets/kubernetes.io/serviceaccount");
  settings.tenant_label = kit::text(config, "tenant_label", "integrations.oneprotect.io/tenant");
  if (!settings.tenant_label.empty() && !is_label_key(settings.tenant_label))
    kit::wrong("tenant_label", "is not the key of a label");
  settings.tenant_namespaces = namespaces_of(config);
  if (settings.tenant_label.empty() && settings.tenant_namespaces.empty())
    kit::wrong("tenant_label", "is empty and tenant_namespaces names nobody: no tenant could use any Secret");
  const auto ttl = kit::number(config, "ttl_seconds", usual_ttl);
  if (ttl < 1 || ttl > longest_ttl) kit::wrong("ttl_seconds", "is not within 1 and " + std::to_string(longest_ttl));
  settings.ttl = std::chrono::seconds{ttl};
  return settings;
}

}  // namespace opi::kubernetes
