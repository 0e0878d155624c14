#include "plugins/local_provider.hpp"

#include "plugins/confidence.hpp"
#include "plugins/secret_intake.hpp"

namespace opi::plugins {

LocalProvider::LocalProvider(std::shared_ptr<const LoadedPlugin> plugin, const Component& component,
                             const std::string& config_json)
    : instance_(plugin, component,
                {sizeof(opi_instance_args),
                 0,
                 raw(component.id),
                 raw(component.id),
                 {},
                 raw(config_json),
                 0,
                 plugin->host(),
                 {}},
                "provider"),
      table_(plugin->interface_of<opi_secret_provider_v1>(component, OPI_IF_SECRET_PROVIDER)) {}

CallEnd LocalProvider::check_reference(const opi_secret_query& query) {
  ErrorSlot error;
  CallEnd end;
  end.status = instance_.plugin().call(Phase::check_reference,
                                       [&] { return table_.check_ref(instance_.get(), &query, error.out()); });
  end.error = error.text();
  return end;
}

secrets::ResolveResult LocalProvider::resolve(const opi_secret_query& query) {
  SecretIntake intake(query.n_keys);
  const auto confidence = Confidence::about_secrets();
  ErrorSlot error;
  const auto status = instance_.plugin().call(
      Phase::resolve, [&] { return table_.resolve(instance_.get(), &query, intake.out(), error.out()); });
  return std::move(intake).finish(status, error.text());
}

}  // namespace opi::plugins
