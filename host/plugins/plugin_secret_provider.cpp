#include "plugins/plugin_secret_provider.hpp"

#include <stdexcept>
#include <vector>

#include "plugins/secret_order.hpp"

namespace opi::plugins {
namespace {

std::vector<opi_str> raw_list(std::span<const std::string> texts) {
  std::vector<opi_str> list;
  for (const auto& text : texts) list.push_back(raw(text));
  return list;
}

}  // namespace

PluginSecretProvider::PluginSecretProvider(std::shared_ptr<Plugin> plugin, const Component& component,
                                           const std::string& config_json)
    : plugin_(std::move(plugin)), component_(component) {
  if (const auto faults = component.config_schema.check(config_json); !faults.empty())
    throw std::runtime_error(faults.front().path + " " + faults.front().message);
  (void)component.needs.reach(config_json);  // a place is one wherever the plugin runs
  instance_ = plugin_->provider(component, config_json);
}

secrets::SecretReference PluginSecretProvider::parse(std::string_view reference, const TenantId& tenant) const {
  auto parsed = component_.reference->read(reference, tenant);
  const auto segments = raw_list(parsed.resource);
  const opi_str key = raw(parsed.key);
  const opi_secret_query query{sizeof(opi_secret_query),
                               0,
                               raw(parsed.scheme),
                               segments.data(),
                               segments.size(),
                               &key,
                               1,
                               raw(parsed.version),
                               raw(tenant.str()),
                               {},
                               0};
  const auto verdict = instance_->check_reference(query);
  if (verdict.held.empty() && verdict.status != OPI_OK)
    throw secrets::InvalidReference(verdict.error.empty() ? "the provider refuses the reference with status " +
                                                                std::to_string(verdict.status)
                                                          : verdict.error);
  return parsed;
}

secrets::ResolveResult PluginSecretProvider::resolve(const secrets::ResolveQuery& query) {
  if (query.keys.empty() || query.keys.size() > SecretOrder::max_keys)
    return {secrets::ResolveStatus::invalid,
            "a resource must be asked for 1 to " + std::to_string(SecretOrder::max_keys) + " keys",
            {},
            {},
            {}};
  const auto segments = raw_list(query.reference.resource);
  const auto keys = raw_list(query.keys);
  return instance_->resolve({sizeof(opi_secret_query), 0, raw(query.reference.scheme), segments.data(), segments.size(),
                             keys.data(), keys.size(), raw(query.reference.version), raw(query.tenant.str()),
                             raw(query.if_not_version),
                             static_cast<std::uint64_t>(query.deadline.time_since_epoch().count())});
}

}  // namespace opi::plugins
