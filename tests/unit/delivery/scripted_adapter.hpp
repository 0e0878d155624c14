#pragma once
#include <charconv>
#include <functional>
#include <memory>
#include <string>

#include "delivery/adapter.hpp"

namespace opi::test {

// Posts the payload to the endpoint with the idempotency key, and judges by status, as the generic adapter does.
class ScriptedAdapter final : public delivery::Adapter {
 public:
  [[nodiscard]] delivery::Rendering render(const delivery::AttemptContext& context,
                                           const secrets::SecretSet& secrets) const override {
    delivery::Rendering rendering;
    rendering.ok = true;
    const auto* signing = secrets.find("signing");
    rendering.is_signed = signing != nullptr && !signing->versions.empty();
    rendering.request.method = "POST";
    rendering.request.url = context.destination.endpoint;
    rendering.request.headers = {{"x-delivery", context.delivery.to_string()},
                                 {"x-attempt", std::to_string(context.attempt_number)}};
    rendering.request.body = context.event.payload;
    if (context.step > 0) rendering.request.headers.push_back({"x-step", std::to_string(context.step)});
    if (!context.carry.empty()) rendering.request.headers.push_back({"x-carry", std::string(context.carry)});
    if (!context.prior_ref.empty()) rendering.request.headers.push_back({"x-prior", std::string(context.prior_ref)});
    if (!context.prior_url.empty())
      rendering.request.headers.push_back({"x-prior-url", std::string(context.prior_url)});
    if (change_rendering) change_rendering(rendering);
    return rendering;
  }

  [[nodiscard]] Outcome interpret(const delivery::AttemptContext&,
                                  const delivery::HttpResponse& response) const override {
    if (see) see(response);
    Outcome outcome;
    outcome.reason = "http_" + std::to_string(response.status);
    outcome.response_summary = response.body;
    if (response.status >= 200 && response.status < 300) {
      outcome.verdict = Verdict::delivered;
    } else if (response.status == 410) {
      outcome.verdict = Verdict::disable;
    } else if (response.status == 401) {
      outcome.verdict = Verdict::auth;
    } else if (response.status == 429) {
      outcome.verdict = Verdict::throttle;
      for (const auto& header : response.headers)
        if (header.name == "retry-after") outcome.retry_after = std::chrono::seconds{std::stoll(header.value)};
    } else {
      outcome.verdict = Verdict::reject;
      outcome.by_status = true;
      outcome.http_status = response.status;
    }
    if (change_outcome) change_outcome(outcome);
    return outcome;
  }

  std::function<void(delivery::Rendering&)> change_rendering;
  std::function<void(Outcome&)> change_outcome;
  std::function<void(const delivery::HttpResponse&)> see;  // what came, as the adapter has it
};

// Has one adapter for all destinations, or none, unless another registry is put in its place. One thread.
class ScriptedRegistry final : public delivery::AdapterRegistry {
 public:
  delivery::AdapterLookup find(const Destination& destination) override {
    if (instead != nullptr) return instead->find(destination);
    if (!held_reason.empty()) return {nullptr, held_reason, false, held_cause};
    return {adapter, {}};
  }
  std::shared_ptr<ScriptedAdapter> adapter = std::make_shared<ScriptedAdapter>();
  std::string held_reason;
  HoldCause held_cause = HoldCause::adapter_missing;
  delivery::AdapterRegistry* instead = nullptr;  // is asked instead if there is one
};

}  // namespace opi::test
