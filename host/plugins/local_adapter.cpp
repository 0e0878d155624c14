#include "plugins/local_adapter.hpp"

#include "plugins/confidence.hpp"

namespace opi::plugins {

namespace {

// It learns the endpoint here: what it logs meanwhile does not repeat what is secret of it.
LocalInstance made_in_confidence(const std::shared_ptr<const LoadedPlugin>& plugin, const Component& component,
                                 const Destination& destination, std::span<const std::string> confidential) {
  const Confidence confidence(confidential);
  const auto id = destination.id.to_string();
  return {
      plugin, component,
      opi_instance_args{sizeof(opi_instance_args), instance_flags(destination), raw(component.id), raw(id),
                        raw(destination.tenant_id.str()), raw(destination.config),
                        static_cast<std::uint64_t>(destination.revision), plugin->host(), raw(destination.endpoint)},
      "adapter"};
}

}  // namespace

LocalAdapter::LocalAdapter(std::shared_ptr<const LoadedPlugin> plugin, const Component& component,
                           const Destination& destination, std::vector<std::string> confidential)
    : confidential_(std::move(confidential)),
      instance_(made_in_confidence(plugin, component, destination, confidential_)),
      table_(plugin->interface_of<opi_http_adapter_v1>(component, OPI_IF_HTTP_ADAPTER)) {}

bool LocalAdapter::sees_transport_faults() const { return (table_.flags & OPI_ADAPTER_SEES_TRANSPORT_FAULTS) != 0; }

void LocalAdapter::render(const opi_delivery& delivery, const opi_request_out& request, Done done) const {
  CallEnd end;
  {
    const Confidence confidence(confidential_);
    ErrorSlot error;
    end.status = instance_.plugin().call(
        Phase::render, [&] { return table_.render(instance_.get(), &delivery, request, error.out()); });
    end.error = error.text();
  }
  done(end);
}

void LocalAdapter::interpret(const opi_delivery& delivery, const opi_response& response, const opi_verdict_out& verdict,
                             std::shared_ptr<const secrets::Confidential> confidential, Done done) const {
  CallEnd end;
  {
    const Confidence confidence(confidential_, confidential.get());
    ErrorSlot error;
    end.status = instance_.plugin().call(Phase::interpret, [&] {
      return table_.interpret(instance_.get(), &delivery, &response, verdict, opi_request_out{nullptr, nullptr},
                              error.out());
    });
    end.error = error.text();
  }
  done(end);
}

}  // namespace opi::plugins
