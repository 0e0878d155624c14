#include "plugins/plugin_secret_provider.hpp"

#include <stdexcept>

#include "foundation/mutex.hpp"
#include "plugins/confidence.hpp"
#include "plugins/refusal_codes.hpp"
#include "plugins/secret_intake.hpp"

namespace opi::plugins {
namespace {

std::vector<opi_str> raw_list(std::span<const std::string> texts) {
  std::vector<opi_str> list;
  for (const auto& text : texts) list.push_back(raw(text));
  return list;
}

}  // namespace

PluginSecretProvider::PluginSecretProvider(std::shared_ptr<LoadedPlugin> plugin, const Component& component,
                                           const std::string& config_json, telemetry::Logger& logger)
    : plugin_(std::move(plugin)),
      component_(component),
      lifetime_(plugin_->interface_of<opi_component_v1>(component, OPI_IF_COMPONENT)),
      table_(plugin_->interface_of<opi_secret_provider_v1>(component, OPI_IF_SECRET_PROVIDER)),
      logger_(logger) {
  if (const auto faults = component.config_schema.check(config_json); !faults.empty())
    throw std::runtime_error(faults.front().path + " " + faults.front().message);
  const opi_instance_args args{sizeof(opi_instance_args), 0, raw(component.id), raw(component.id), {},
                               raw(config_json),          0, plugin_->host()};
  ErrorSlot error;
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::create, [&] { return lifetime_.create(plugin_->state(), &args, &instance_, error.out()); });
  if (status == OPI_OK) return;
  throw std::runtime_error(error.text().empty() ? "the provider failed with status " + std::to_string(status)
                                                : std::string(error.text()));
}

PluginSecretProvider::~PluginSecretProvider() {
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::destroy, [&]() -> opi_status { return lifetime_.destroy(instance_), OPI_OK; });
  if (status != OPI_OK)
    logger_.error("plugin.fault",
                  {{"plugin", plugin_->manifest().id}, {"phase", "destroy"}, {"message", "let an exception out"}});
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
  ErrorSlot error;
  const auto status =
      plugin_->call(Phase::check_reference, [&] { return table_.check_ref(instance_, &query, error.out()); });
  if (status != OPI_OK)
    throw secrets::InvalidReference(error.text().empty()
                                        ? "the provider refuses the reference with status " + std::to_string(status)
                                        : std::string(error.text()));
  return parsed;
}

secrets::ResolveResult PluginSecretProvider::resolve(const secrets::ResolveQuery& query) {
  if (query.keys.empty() || query.keys.size() > max_keys)
    return {secrets::ResolveStatus::invalid,
            "a resource must be asked for 1 to " + std::to_string(max_keys) + " keys",
            {},
            {},
            {}};
  const auto segments = raw_list(query.reference.resource);
  const auto keys = raw_list(query.keys);
  const opi_secret_query asked{sizeof(opi_secret_query),
                               0,
                               raw(query.reference.scheme),
                               segments.data(),
                               segments.size(),
                               keys.data(),
                               keys.size(),
                               raw(query.reference.version),
                               raw(query.tenant.str()),
                               raw(query.if_not_version),
                               static_cast<std::uint64_t>(query.deadline.time_since_epoch().count())};
  SecretIntake intake(keys.size());
  const auto confidence = Confidence::about_secrets();
  ErrorSlot error;
  const auto status =
      plugin_->call(Phase::resolve, [&] { return table_.resolve(instance_, &asked, intake.out(), error.out()); });
  return std::move(intake).finish(status, error.text());
}

std::vector<std::shared_ptr<secrets::SecretProvider>> make_secret_providers(
    PluginHost& host, const std::map<std::string, std::string>& configs, telemetry::Logger& logger) {
  std::vector<std::shared_ptr<secrets::SecretProvider>> providers;
  for (const auto& plugin : host.loaded())
    for (const auto& component : plugin->manifest().components) {
      if (component.kind != ComponentKind::secret_provider) continue;
      const auto config = configs.find(component.id);
      try {
        // PluginHost runs secret providers in this process, whatever the rule.
        providers.push_back(
            std::make_shared<PluginSecretProvider>(std::dynamic_pointer_cast<LoadedPlugin>(plugin), component,
                                                   config == configs.end() ? "{}" : config->second, logger));
      } catch (const std::runtime_error& refused) {
        host.add_refusal(refusal(plugin->file(), Stage::init, codes::config_refused,
                                 "the configuration of \"" + component.id + "\" is refused: " + refused.what()));
      }
    }
  return providers;
}

}  // namespace opi::plugins
