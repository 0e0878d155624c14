#pragma once
#include <chrono>
#include <memory>

#include "delivery/adapter.hpp"
#include "delivery/authorizer.hpp"
#include "delivery/credential_watch.hpp"
#include "delivery/scheduler.hpp"
#include "delivery/settler.hpp"
#include "delivery/transport.hpp"
#include "domain/catalog.hpp"
#include "secrets/secret_broker.hpp"

namespace opi::delivery {

// Carries one claim through an attempt: secrets, rendering, authorisation, sending, interpretation, decision. Every
// claim it takes ends in the settler, settled or released. Thread-safe.
class AttemptRunner {
 public:
  struct Options {
    std::chrono::milliseconds hold_recheck{5'000};  // a destination without its adapter is looked at again
    std::chrono::milliseconds lease_margin{1'000};  // kept between the end of the timeout and of the lease
  };

  AttemptRunner(AdapterRegistry& adapters, secrets::SecretBroker& secrets, Authorizer& authorizer, Transport& transport,
                Settler& settler, Scheduler& scheduler, CredentialWatch& credentials, const Clock& clock,
                Random& random, telemetry::Logger& logger, const Options& options);

  void start(Claim claim, const std::shared_ptr<const Destination>& destination, const DeliveryPolicy& policy);

 private:
  struct Flight;
  void render_and_send(const std::shared_ptr<Flight>& flight, std::shared_ptr<const secrets::SecretSet> secrets);
  void rendered(const std::shared_ptr<Flight>& flight, Rendering&& rendering);
  void send(const std::shared_ptr<Flight>& flight, Authorized&& authorized);
  void received(const std::shared_ptr<Flight>& flight, HttpResponse&& response);
  void conclude(const std::shared_ptr<Flight>& flight, Outcome&& outcome);
  void finish_refused(Flight& flight, const secrets::SecretSet& known, Outcome&& outcome);
  static bool is_refusal(const Flight& flight, const Outcome& outcome);
  static bool has_same_secrets(const Flight& flight, const secrets::SecretSet& fresh);
  void finish(Flight& flight, Outcome outcome);
  void watch_credentials(const Flight& flight, const Outcome& outcome, Settlement& settlement);
  void hold(Flight& flight, const std::string& reason);
  void release(Flight& flight);

  AdapterRegistry& adapters_;
  secrets::SecretBroker& secrets_;
  Authorizer& authorizer_;
  Transport& transport_;
  Settler& settler_;
  Scheduler& scheduler_;
  CredentialWatch& credentials_;
  const Clock& clock_;
  Random& random_;
  telemetry::Logger& logger_;
  const Options options_;
};

}  // namespace opi::delivery
