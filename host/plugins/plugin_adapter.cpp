#include "plugins/plugin_adapter.hpp"

#include <algorithm>
#include <stdexcept>

#include "crypto/digest.hpp"
#include "delivery/endpoint_secrets.hpp"
#include "plugins/confidence.hpp"
#include "plugins/header_rules.hpp"
#include "plugins/request_assembly.hpp"
#include "plugins/verdict_intake.hpp"

namespace opi::plugins {
namespace {

constexpr std::size_t response_summary_bytes = 2048;  // raw; what is stored is redacted and shorter

// W3C trace context: the trace is the correlation's, or the event's if it has none; the parent is this attempt.
std::string traceparent_of(const delivery::AttemptContext& context) {
  const auto& event = context.event;
  const auto& story = event.correlation_id.empty() ? event.event_id.str() : event.correlation_id;
  const auto digest = crypto::sha256("opi.trace.v1 " + event.tenant_id.str() + " " + story);
  auto trace = std::span(digest).first<16>();
  std::array<std::uint8_t, 8> parent{};
  std::copy_n(context.nonce.begin(), parent.size(), parent.begin());
  parent.back() |= 1;  // all zeros would be invalid
  return "00-" + crypto::to_hex(trace) + "-" + crypto::to_hex(parent) + "-01";
}

// The ABI's view of an attempt, with the texts it borrows.
class DeliveryView {
 public:
  explicit DeliveryView(const delivery::AttemptContext& context)
      : delivery_id_(context.delivery.to_string()),
        destination_id_(context.destination.id.to_string()),
        key_(crypto::to_hex(context.idempotency_key.bytes)),
        traceparent_(traceparent_of(context)) {
    const auto& event = context.event;
    raw_.size = sizeof(opi_delivery);
    raw_.flags =
        context.destination.signing == SigningRule::disabled ? std::uint32_t{OPI_DELIVERY_UNSIGNED_ALLOWED} : 0u;
    raw_.attempt = static_cast<std::uint32_t>(context.attempt_number);
    raw_.delivery_id = raw(delivery_id_);
    raw_.destination_id = raw(destination_id_);
    raw_.idempotency_key = raw(key_);
    raw_.endpoint_url = raw(context.destination.endpoint);
    raw_.event_id = raw(event.event_id.str());
    raw_.event_type = raw(event.event_type);
    raw_.schema_version = raw(event.schema_version);
    raw_.tenant_id = raw(event.tenant_id.str());
    raw_.source = raw(event.source);
    raw_.timestamp = raw(event.timestamp);
    raw_.correlation_id = raw(event.correlation_id);
    raw_.causation_id = raw(event.causation_id);
    raw_.alert_id = raw(event.alert_id);
    raw_.evidence_id = raw(event.evidence_id);
    raw_.ticket_id = raw(event.ticket_id);
    raw_.payload = raw(event.payload);
    raw_.nonce = {context.nonce.data(), context.nonce.size()};
    raw_.traceparent = raw(traceparent_);
    raw_.created_unix_ms =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, context.created_at.time_since_epoch().count()));
    raw_.now_unix_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, context.now.time_since_epoch().count()));
    raw_.step = static_cast<std::uint32_t>(context.step);
    raw_.carry = raw_bytes(context.carry);
    raw_.prior_ref = raw(context.prior_ref);
    raw_.prior_url = raw(context.prior_url);
  }
  DeliveryView(const DeliveryView&) = delete;
  DeliveryView& operator=(const DeliveryView&) = delete;
  [[nodiscard]] const opi_delivery* get() const { return &raw_; }

 private:
  std::string delivery_id_, destination_id_, key_, traceparent_;
  opi_delivery raw_{};
};

std::uint32_t transport_of(TransportFault fault) {
  switch (fault) {
    case TransportFault::none: return OPI_TRANSPORT_OK;
    case TransportFault::name_resolution: return OPI_TRANSPORT_NAME_RESOLUTION;
    case TransportFault::address_refused: return OPI_TRANSPORT_ADDRESS_REFUSED;
    case TransportFault::connect: return OPI_TRANSPORT_CONNECT;
    case TransportFault::tls: return OPI_TRANSPORT_TLS;
    case TransportFault::timeout: return OPI_TRANSPORT_TIMEOUT;
    case TransportFault::reset: return OPI_TRANSPORT_RESET;
    case TransportFault::protocol: return OPI_TRANSPORT_PROTOCOL;
    case TransportFault::cancelled: return OPI_TRANSPORT_CANCELLED;
  }
  return OPI_TRANSPORT_RESET;
}

class ResponseView {
 public:
  explicit ResponseView(const delivery::HttpResponse& response) {
    names_.reserve(response.headers.size());
    for (const auto& header : response.headers) {
      names_.push_back(lower_case(header.name));
      headers_.push_back({raw(names_.back()), raw(header.value)});
    }
    raw_ = {sizeof(opi_response),
            response.body_truncated ? std::uint32_t{OPI_RESPONSE_BODY_TRUNCATED} : 0u,
            static_cast<std::uint32_t>(response.status),
            transport_of(response.fault),
            response.request_sent ? 1u : 0u,
            static_cast<std::uint32_t>(std::clamp<std::int64_t>(response.elapsed.count(), 0, UINT32_MAX)),
            headers_.data(),
            headers_.size(),
            raw_bytes(response.body)};
  }
  ResponseView(const ResponseView&) = delete;
  ResponseView& operator=(const ResponseView&) = delete;
  [[nodiscard]] const opi_response* get() const { return &raw_; }

 private:
  std::vector<std::string> names_;
  std::vector<opi_kv> headers_;
  opi_response raw_{};
};

// What stands in every outcome of a response, whoever judged it.
Outcome complete(Outcome outcome, const delivery::HttpResponse& response) {
  if (response.fault == TransportFault::none) {
    outcome.http_status = response.status;
    if (outcome.reason.empty() && outcome.verdict != Verdict::delivered && outcome.verdict != Verdict::proceed)
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
