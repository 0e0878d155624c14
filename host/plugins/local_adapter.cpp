#include "plugins/local_adapter.hpp"

#include <stdexcept>

#include "foundation/mutex.hpp"
#include "plugins/confidence.hpp"

namespace opi::plugins {

LocalAdapter::LocalAdapter(std::shared_ptr<const LoadedPlugin> plugin, const Component& component,
                           const Destination& destination, std::vector<std::string> confidential)
    : plugin_(std::move(plugin)),
      lifetime_(plugin_->interface_of<opi_component_v1>(component, OPI_IF_COMPONENT)),
      table_(plugin_->interface_of<opi_http_adapter_v1>(component, OPI_IF_HTTP_ADAPTER)),
      confidential_(std::move(confidential)) {
  const auto id = destination.id.to_string();
  const opi_instance_args args{sizeof(opi_instance_args),
                               0,
                               raw(component.id),
                               raw(id),
                               raw(destination.tenant_id.str()),
                               raw(destination.config),
                               static_cast<std::uint64_t>(destination.revision),
                               plugin_->host()};
  ErrorSlot error;
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::create, [&] { return lifetime_.create(plugin_->state(), &args, &instance_, error.out()); });
  if (status == OPI_OK) return;
  throw std::runtime_error(error.text().empty() ? "the adapter failed with status " + std::to_string(status)
                                                : std::string(error.text()));
}

LocalAdapter::~LocalAdapter() {
  const Lock lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::destroy, [&]() -> opi_status { return lifetime_.destroy(instance_), OPI_OK; });
  if (status != OPI_OK)
    plugin_->logger().error(
        "plugin.fault",
        {{"plugin", plugin_->manifest().id}, {"phase", "destroy"}, {"message", "let an exception out"}});
}

bool LocalAdapter::sees_transport_faults() const { return (table_.flags & OPI_ADAPTER_SEES_TRANSPORT_FAULTS) != 0; }

void LocalAdapter::render(const opi_delivery& delivery, const opi_request_out& request, Done done) const {
  CallEnd end;
  {
    const Confidence confidence(confidential_);
    ErrorSlot error;
    end.status =
        plugin_->call(Phase::render, [&] { return table_.render(instance_, &delivery, request, error.out()); });
    end.error = error.text();
  }
  done(end);
}

void LocalAdapter::interpret(const opi_delivery& delivery, const opi_response& response, const opi_verdict_out& verdict,
                             Done done) const {
  CallEnd end;
  {
    const Confidence confidence(confidential_);
    ErrorSlot error;
    end.status = plugin_->call(Phase::interpret, [&] {
      return table_.interpret(instance_, &delivery, &response, verdict, opi_request_out{nullptr, nullptr}, error.out());
    });
    end.error = error.text();
  }
  done(end);
}

}  // namespace opi::plugins
