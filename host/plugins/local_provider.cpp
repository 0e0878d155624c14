#include "plugins/local_provider.hpp"

#include <stdexcept>

#include "foundation/mutex.hpp"
#include "plugins/confidence.hpp"
#include "plugins/secret_intake.hpp"

namespace opi::plugins {

LocalProvider::LocalProvider(std::shared_ptr<const LoadedPlugin> plugin, const Component& component,
                             const std::string& config_json)
    : plugin_(std::move(plugin)),
      lifetime_(plugin_->interface_of<opi_component_v1>(component, OPI_IF_COMPONENT)),
      table_(plugin_->interface_of<opi_secret_provider_v1>(component, OPI_IF_SECRET_PROVIDER)) {
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

LocalProvider::~LocalProvider() {
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::destroy, [&]() -> opi_status { return lifetime_.destroy(instance_), OPI_OK; });
  if (status != OPI_OK)
    plugin_->logger().error(
        "plugin.fault",
        {{"plugin", plugin_->manifest().id}, {"phase", "destroy"}, {"message", "let an exception out"}});
}

CallEnd LocalProvider::check_reference(const opi_secret_query& query) {
  ErrorSlot error;
  CallEnd end;
  end.status = plugin_->call(Phase::check_reference, [&] { return table_.check_ref(instance_, &query, error.out()); });
  end.error = error.text();
  return end;
}

secrets::ResolveResult LocalProvider::resolve(const opi_secret_query& query) {
  SecretIntake intake(query.n_keys);
  const auto confidence = Confidence::about_secrets();
  ErrorSlot error;
  const auto status =
      plugin_->call(Phase::resolve, [&] { return table_.resolve(instance_, &query, intake.out(), error.out()); });
  return std::move(intake).finish(status, error.text());
}

}  // namespace opi::plugins
