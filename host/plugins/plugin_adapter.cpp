#include "plugins/plugin_adapter.hpp"

#include <algorithm>
#include <future>
#include <opi/kit/retry_after_value.hpp>
#include <system_error>

#include "delivery/endpoint_secrets.hpp"
#include "domain/header_field.hpp"
#include "plugins/exchange_views.hpp"
#include "plugins/request_assembly.hpp"
#include "plugins/verdict_intake.hpp"
#include "secrets/scrub.hpp"

namespace opi::plugins {
namespace {

// RFC 9110 section 10.2.3; nothing if there is none that is one.
std::optional<std::chrono::milliseconds> silence_of(const delivery::HttpResponse& response, UnixTime now) {
  for (const auto& header : response.headers)
    if (lower_case(header.name) == "retry-after")
      return kit::parse_retry_after(
          header.value, static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.time_since_epoch().count())));
  return std::nullopt;
}

// What stands in every outcome of a response, whoever judged it.
Outcome complete(Outcome outcome, const delivery::HttpResponse& response, UnixTime now) {
  if (response.fault == TransportFault::none) {
    outcome.http_status = response.status;
    if (outcome.reason.empty() && outcome.verdict != Verdict::delivered && outcome.verdict != Verdict::proceed)
      outcome.reason = "http_" + std::to_string(response.status);
    outcome.response_summary = response.body;  // what is stored is redacted and shorter
    // On whatever status it comes, but of a success: there it tells when to ask what has become of the request.
    if (!outcome.retry_after && outcome.verdict != Verdict::delivered && outcome.verdict != Verdict::proceed)
      outcome.retry_after = silence_of(response, now);
  } else if (outcome.reason.empty()) {
    outcome.reason = to_string(response.fault);
  }
  return outcome;
}

// The receiver may well have taken it: tried again under the same idempotency key, and named as the adapter's fault.
Outcome adapter_fault(const std::string& why) {
  Outcome outcome;
  outcome.verdict = Verdict::retry;
  outcome.reason = "adapter_fault";
  outcome.detail = "the adapter could not judge the response: " + why;
  return outcome;
}

Outcome outcome_of(const VerdictIntake& intake, const CallEnd& end) {
  auto outcome = intake.outcome();
  if (end.status == OPI_OK) return outcome ? std::move(*outcome) : adapter_fault(intake.fault());
  return adapter_fault(end.error.empty() ? "it failed with status " + std::to_string(end.status) : end.error);
}

// What `begin` hands to its completion, sooner or later.
template <class Result, class Begin>
Result awaited(Begin&& begin) {
  const auto promise = std::make_shared<std::promise<Result>>();  // which the other thread may use a little longer
  auto future = promise->get_future();
  begin([promise](Result&& result) { promise->set_value(std::move(result)); });
  return future.get();
}

// A plugin's text as it may be told: an adapter knows the endpoint, and those who read its refusals may not.
std::string without(std::span<const std::string> confidential, std::string text) {
  secrets::scrub_pieces(text, {}, confidential);
  return text;
}

std::unique_ptr<AdapterInstance> made(Plugin& plugin, const Component& component, const Destination& destination,
                                      const std::vector<std::string>& confidential) {
  try {
    return plugin.adapter(component, destination, confidential);
  } catch (const std::system_error&) {
    throw;
  } catch (const std::runtime_error& refused) {
    throw std::runtime_error(without(confidential, refused.what()));
  }
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

PluginAdapter::PluginAdapter(std::shared_ptr<Plugin> plugin, const Component& component, const Destination& destination,
                             std::string user_agent)
    : plugin_(std::move(plugin)),
      component_(component),
      user_agent_(std::move(user_agent)),
      confidential_(delivery::endpoint_secrets(destination.endpoint)),
      instance_(made(*plugin_, component, destination, confidential_)) {}

std::string PluginAdapter::refusal() const { return without(confidential_, instance_->refusal()); }

void PluginAdapter::begin_render(const delivery::AttemptContext& context, const secrets::SecretSet& secrets,
                                 Rendered done) const {
  struct Call {
    Call(const Component& component, const delivery::AttemptContext& context, const secrets::SecretSet& secrets)
        : delivery(context), assembly(component, context.destination, secrets) {}
    DeliveryView delivery;
    RequestAssembly assembly;
  };
  const auto call = std::make_shared<Call>(component_, context, secrets);
  instance_->render(*call->delivery.get(), call->assembly.out(),
                    [this, call, done = std::move(done)](const CallEnd& end) {
                      auto rendering = end.status == OPI_OK ? std::move(call->assembly).finish(user_agent_)
                                                            : std::move(call->assembly).fail(end.status, end.error);
                      rendering.held = without(confidential_, end.held);
                      if (end.refused) rendering.held_cause = HoldCause::configuration_refused;
                      done(std::move(rendering));
                    });
}

void PluginAdapter::begin_interpret(const delivery::AttemptContext& context, const delivery::HttpResponse& response,
                                    Interpreted done) const {
  if (response.fault != TransportFault::none && !instance_->sees_transport_faults())
    return done(outcome_of_fault(response));
  struct Call {
    Call(const delivery::AttemptContext& context, const delivery::HttpResponse& received)
        : delivery(context), response(received), intake(context.step + 1 < delivery::StepLimits::steps) {}
    DeliveryView delivery;
    ResponseView response;
    VerdictIntake intake;
  };
  const auto call = std::make_shared<Call>(context, response);
  instance_->interpret(*call->delivery.get(), *call->response.get(), call->intake.out(), context.confidential,
                       [call, &response, now = context.now, done = std::move(done)](const CallEnd& end) {
                         done(complete(outcome_of(call->intake, end), response, now));
                       });
}

delivery::Rendering PluginAdapter::render(const delivery::AttemptContext& context,
                                          const secrets::SecretSet& secrets) const {
  return awaited<delivery::Rendering>([&](auto done) { begin_render(context, secrets, std::move(done)); });
}

Outcome PluginAdapter::interpret(const delivery::AttemptContext& context,
                                 const delivery::HttpResponse& response) const {
  return awaited<Outcome>([&](auto done) { begin_interpret(context, response, std::move(done)); });
}

}  // namespace opi::plugins
