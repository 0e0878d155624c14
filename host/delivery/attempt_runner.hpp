#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "delivery/adapter.hpp"
#include "delivery/authorizer.hpp"
#include "delivery/credential_watch.hpp"
#include "delivery/flight.hpp"
#include "delivery/instruments.hpp"
#include "delivery/scheduler.hpp"
#include "delivery/transport.hpp"
#include "domain/catalog.hpp"
#include "secrets/secret_broker.hpp"

namespace opi::delivery {

// Whom a flight goes to: a destination that can be served, as it was when it was looked up.
struct Target {
  std::shared_ptr<const Destination> destination;
  DeliveryPolicy policy;
  std::shared_ptr<const Adapter> adapter;
};

// Carries flights through an attempt: secrets, rendering, authorisation, sending, interpretation, decision. Whatever
// happens, a flight lands: with its settlement, or without, to be given back. Thread-safe.
class AttemptRunner {
 public:
  struct Options {
    std::chrono::milliseconds hold_recheck{5'000};    // a destination that cannot be served is looked at again
    std::chrono::milliseconds unsigned_pause{1'000};  // after an attempt that could not be signed
    std::chrono::milliseconds lease_margin{1'000};    // kept between the end of the timeout and of the lease
  };

  AttemptRunner(AdapterRegistry& adapters, secrets::SecretBroker& secrets, Authorizer& authorizer, Transport& transport,
                Scheduler& scheduler, CredentialWatch& credentials, const Instruments& instruments,
                const Options& options);

  // Nothing if the destination cannot be served now: then it is held, with the reason, and nothing of it is claimed.
  std::optional<Target> target(const Catalog& catalog, const DestinationId& destination);

  // Throws nothing.
  void start(FlightPtr flight, const Target& target) noexcept;

 private:
  struct Attempt;
  using AttemptPtr = std::shared_ptr<Attempt>;

  void step(const AttemptPtr& attempt, const std::function<void()>& what) noexcept;
  void failed(const AttemptPtr& attempt, const char* error) noexcept;
  void begin(const AttemptPtr& attempt);
  void render_and_send(const AttemptPtr& attempt, std::shared_ptr<const secrets::SecretSet> secrets);
  void rendered(const AttemptPtr& attempt, Rendering&& rendering);
  void send(const AttemptPtr& attempt, Authorized&& authorized);
  void received(const AttemptPtr& attempt, HttpResponse&& response);
  void conclude(const AttemptPtr& attempt, Outcome&& outcome);
  void finish_refused(Attempt& attempt, const secrets::SecretSet& known, Outcome&& outcome);
  static bool is_refusal(const Attempt& attempt, const Outcome& outcome);
  static bool has_same_secrets(const Attempt& attempt, const secrets::SecretSet& fresh);
  void finish(Attempt& attempt, Outcome outcome);
  void hold_for_secret(const Attempt& attempt);
  void watch_credentials(const Attempt& attempt, const Outcome& outcome, Settlement& settlement);
  using FoundBy = Scheduler::FoundBy;
  void hold(const Destination& destination, HoldCause cause, const std::string& detail, FoundBy found_by,
            std::chrono::milliseconds gate);

  AdapterRegistry& adapters_;
  secrets::SecretBroker& secrets_;
  Authorizer& authorizer_;
  Transport& transport_;
  Scheduler& scheduler_;
  CredentialWatch& credentials_;
  const Instruments instruments_;
  const Options options_;
};

}  // namespace opi::delivery
