#include "plugins/plugin_adapter.hpp"

#include <algorithm>
#include <stdexcept>

#include "delivery/endpoint_secrets.hpp"
#include "plugins/confidence.hpp"
#include "plugins/exchange_views.hpp"
#include "plugins/request_assembly.hpp"
#include "plugins/verdict_intake.hpp"

namespace opi::plugins {
namespace {

constexpr std::size_t response_summary_bytes = 2048;  // raw; what is stored is redacted and shorter

// What stands in every outcome of a response, whoever judged it.
Outcome complete(Outcome outcome, const delivery::HttpResponse& response) {
  if (response.fault == TransportFault::none) {
    outcome.http_status = response.status;
    if (outcome.reason.empty() && outcome.verdict != Verdict::delivered)
      outcome.reason = "http_" + std::to_string(response.status);
    outcome.response_summary = response.body.substr(0, response_summary_bytes);
  } else if (outcome.reason.empty()) {
    outcome.reason = to_string(response.fault);
  }
  return outcome;
}

}  // namespace

Outcome outcome_of_fault(const delivery::HttpResponse& response) {
  Outcome outcome;
  const bool answer_lost =
      response.request_sent && (response.fault == TransportFault::timeout || response.fault == TransportFault::reset ||
                                response.fault == TransportFault::protocol);
  outcome.verdict = answer_lost ? Verdict::unknown : Verdict::retry;
  outcome.reason = to_string(response.fault);
  outcome.detail = response.fault_detail;
  outcome.peer = response.peer;
  return outcome;
}

PluginAdapter::PluginAdapter(std::shared_ptr<LoadedPlugin> plugin, const Component& component,
                             const Destination& destination, std::string user_agent, telemetry::Logger& logger)
    : plugin_(std::move(plugin)),
      component_(component),
      lifetime_(plugin_->interface_of<opi_component_v1>(component, OPI_IF_COMPONENT)),
      table_(plugin_->interface_of<opi_http_adapter_v1>(component, OPI_IF_HTTP_ADAPTER)),
      user_agent_(std::move(user_agent)),
      endpoint_secrets_(delivery::endpoint_secrets(destination.endpoint)),
      logger_(logger) {
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
  const std::lock_guard lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::create, [&] { return lifetime_.create(plugin_->state(), &args, &instance_, error.out()); });
  if (status == OPI_OK) return;
  throw std::runtime_error(error.text().empty() ? "the adapter failed with status " + std::to_string(status)
                                                : std::string(error.text()));
}

PluginAdapter::~PluginAdapter() {
  const std::lock_guard lock(plugin_->control());
  const auto status =
      plugin_->call(Phase::destroy, [&]() -> opi_status { return lifetime_.destroy(instance_), OPI_OK; });
  if (status != OPI_OK)
    logger_.error("plugin.fault",
                  {{"plugin", plugin_->manifest().id}, {"phase", "destroy"}, {"message", "let an exception out"}});
}

delivery::Rendering PluginAdapter::render(const delivery::AttemptContext& context,
                                          const secrets::SecretSet& secrets) const {
  const DeliveryView delivery(context);
  RequestAssembly assembly(component_, context.destination, secrets);
  const Confidence confidence(endpoint_secrets_);
  ErrorSlot error;
  const auto status = plugin_->call(
      Phase::render, [&] { return table_.render(instance_, delivery.get(), assembly.out(), error.out()); });
  return status == OPI_OK ? std::move(assembly).finish(user_agent_) : std::move(assembly).fail(status, error.text());
}

Outcome PluginAdapter::interpret(const delivery::AttemptContext& context,
                                 const delivery::HttpResponse& response) const {
  if (response.fault != TransportFault::none && (table_.flags & OPI_ADAPTER_SEES_TRANSPORT_FAULTS) == 0)
    return outcome_of_fault(response);
  const DeliveryView delivery(context);
  const ResponseView view(response);
  VerdictIntake intake(context.step + 1 < delivery::StepLimits::steps);
  const Confidence confidence(endpoint_secrets_);
  ErrorSlot error;
  const auto status = plugin_->call(Phase::interpret, [&] {
    return table_.interpret(instance_, delivery.get(), view.get(), intake.out(), opi_request_out{nullptr, nullptr},
                            error.out());
  });
  if (auto outcome = intake.outcome(); status == OPI_OK && outcome) return complete(std::move(*outcome), response);

  // The receiver may well have taken it: tried again under the same idempotency key, and named as the adapter's fault.
  Outcome outcome;
  outcome.verdict = Verdict::retry;
  outcome.reason = "adapter_fault";
  outcome.detail = "the adapter could not judge the response: ";
  if (!intake.outcome() && status == OPI_OK) {
    outcome.detail += intake.fault();
  } else {
    outcome.detail +=
        error.text().empty() ? "it failed with status " + std::to_string(status) : std::string(error.text());
  }
  return complete(std::move(outcome), response);
}

}  // namespace opi::plugins
