#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "delivery/adapter.hpp"
#include "simulation/faults.hpp"
#include "simulation/findings.hpp"

namespace opi::simulation {

// How many requests a delivery to the destination takes; of those served in order, three.
inline int steps_of(const Destination& destination) { return destination.order == DeliveryOrder::subject ? 3 : 1; }

// Sends the payload and names the delivery, its attempt and its step; throws now and then.
class SimulatedAdapter final : public delivery::Adapter {
 public:
  SimulatedAdapter(Faults& faults, Findings& findings) : faults_(faults), findings_(findings) {}

  [[nodiscard]] delivery::Rendering render(const delivery::AttemptContext& context,
                                           const secrets::SecretSet& secrets) const override {
    faults_.somewhere();
    findings_.require(context.carry == carry_of(context.step), "delivery " + context.delivery.to_string() +
                                                                   " is at step " + std::to_string(context.step) +
                                                                   " and carries '" + std::string(context.carry) + "'");
    delivery::Rendering rendering;
    rendering.ok = true;
    const auto* signing = secrets.find("signing");
    rendering.is_signed = signing != nullptr && !signing->versions.empty();
    rendering.request.method = "POST";
    rendering.request.url = context.destination.endpoint;
    rendering.request.headers = {{"x-delivery", context.delivery.to_string()},
                                 {"x-attempt", std::to_string(context.attempt_number)},
                                 {"x-destination", context.destination.id.to_string()}};
    rendering.request.body = context.event.payload;
    return rendering;
  }

  // Whether the plugin takes its time with this destination; then it calls `go_on` when it has come to an end.
  using Delay = std::function<bool(const Destination& destination, std::function<void()> go_on)>;
  Delay delay;

  void begin_render(const delivery::AttemptContext& context, const secrets::SecretSet& secrets,
                    Rendered done) const override {
    const auto go_on = [this, context, &secrets, done] { done(render(context, secrets)); };
    if (!delay || !delay(context.destination, go_on)) go_on();
  }

  [[nodiscard]] Outcome interpret(const delivery::AttemptContext& context,
                                  const delivery::HttpResponse& response) const override {
    faults_.somewhere();
    Outcome outcome;
    outcome.reason = "http_" + std::to_string(response.status);
    if (response.status >= 200 && response.status < 300) {
      const bool last = context.step + 1 >= steps_of(context.destination);
      outcome.verdict = last ? Verdict::delivered : Verdict::proceed;
      if (last && steps_of(context.destination) > 1) outcome.external_ref = "EXT-1";
      if (!last) outcome.carry = carry_of(context.step + 1);
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
    return outcome;
  }

 private:
  static std::string carry_of(int step) { return step == 0 ? std::string() : "step-" + std::to_string(step); }

  Faults& faults_;
  Findings& findings_;
};

// One daemon's plugins: of each destination the adapter is there, missing, quarantined or still being made.
class SimulatedPlugins final : public delivery::AdapterRegistry {
 public:
  SimulatedPlugins(Faults& faults, Findings& findings) : faults_(faults), findings_(findings) { reload(); }

  delivery::AdapterLookup find(const Destination& destination) override {
    faults_.somewhere();
    const auto state = states_.find(destination.id);
    if (state == states_.end()) return {adapter_};
    if (state->second == State::pending) return {.adapter = nullptr, .pending = true};
    return {nullptr, state->second == State::missing ? "its plugin is not loaded" : "its plugin is quarantined"};
  }

  enum class State { missing, quarantined, pending };
  void set(const DestinationId& destination, State state) { states_[destination] = state; }
  // Another build of the plugin: what is under way ends with the one that it began with.
  void reload() { adapter_ = std::make_shared<SimulatedAdapter>(faults_, findings_); }
  void mend() { states_.clear(); }
  void set_delay(SimulatedAdapter::Delay delay) { adapter_->delay = std::move(delay); }

 private:
  Faults& faults_;
  Findings& findings_;
  std::shared_ptr<SimulatedAdapter> adapter_;
  std::map<DestinationId, State> states_;
};

}  // namespace opi::simulation
