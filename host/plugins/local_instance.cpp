#include "plugins/local_instance.hpp"

#include <stdexcept>
#include <string>

#include "foundation/mutex.hpp"

namespace opi::plugins {

LocalInstance::LocalInstance(std::shared_ptr<const LoadedPlugin> plugin, const Component& component,
                             const opi_instance_args& args, const char* kind)
    : plugin_(std::move(plugin)), lifetime_(plugin_->interface_of<opi_component_v1>(component, OPI_IF_COMPONENT)) {
  ErrorSlot error;
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::create, [&] { return lifetime_.create(plugin_->state(), &args, &instance_, error.out()); });
  if (status == OPI_OK) return;
  throw std::runtime_error(error.text().empty()
                               ? std::string("the ") + kind + " failed with status " + std::to_string(status)
                               : std::string(error.text()));
}

LocalInstance::~LocalInstance() {
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::destroy, [&]() -> opi_status { return lifetime_.destroy(instance_), OPI_OK; });
  if (status != OPI_OK)
    plugin_->logger().error(
        "plugin.fault",
        {{"plugin", plugin_->manifest().id}, {"phase", "destroy"}, {"message", "let an exception out"}});
}

}  // namespace opi::plugins
