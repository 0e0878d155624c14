#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "delivery/attempt_runner.hpp"
#include "delivery/discovery.hpp"
#include "delivery/dispatcher.hpp"
#include "delivery/fleet.hpp"
#include "delivery/intake.hpp"
#include "delivery/rescuer.hpp"
#include "delivery/settler.hpp"
#include "unit/recording_logger.hpp"

namespace opi::test {

// Gives every reference "mem://…" the value `value`, or what is said of that very one. Thread-safe as long as its
// members stand still.
class OneSecretProvider final : public secrets::SecretProvider {
 public:
  [[nodiscard]] std::string_view scheme() const override { return "mem"; }
  [[nodiscard]] secrets::SecretReference parse(std::string_view reference, const TenantId&) const override {
    if (!forbidden.empty() && reference.starts_with(forbidden))
      throw secrets::InvalidReference("names another tenant's secret");
    return {"mem", {std::string(reference)}, "key", ""};
  }
  secrets::ResolveResult resolve(const secrets::ResolveQuery& query) override {
    ++fetches;
    if (asked) asked(query);
    secrets::ResolveResult result;
    const std::string& name = query.reference.resource.front();
    const auto own_status = statuses.find(name);
    result.status = own_status == statuses.end() ? status : own_status->second;
    result.failure = "the vault is closed";
    const auto own_value = values.find(name);
    const std::string& text = own_value == values.end() ? value : own_value->second;
    for (std::size_t i = 0; i < query.keys.size(); ++i)
      result.values.push_back(text.empty() ? nullptr : std::make_shared<const secrets::Secret>(std::string_view{text}));
    return result;
  }
  std::string value = "s3cr3t-value";
  secrets::ResolveStatus status = secrets::ResolveStatus::ok;
  std::map<std::string, std::string> values;  // by reference; empty: the resource has no such key
  std::map<std::string, secrets::ResolveStatus> statuses;
  std::string forbidden;  // references that begin so are refused
  int fetches = 0;
  std::function<void(const secrets::ResolveQuery&)> asked;  // before each answer
};

// Every service of one daemon, wired as daemon/ does it but without threads: the test calls run_once().
class Engine final {
 public:
  struct Options {
    std::string daemon_id = "daemon-1";
    delivery::Scheduler::Options scheduler;
    delivery::Intake::Options intake;
    delivery::Settler::Options settler;
    delivery::Fleet::Options fleet;  // its daemon_id is the one above
    // Runs calls of secret providers; else they are made at once.
    secrets::SecretBroker::Executor secret_calls = [](const auto& blocking, const auto& after) {
      blocking();
      after();
    };
  };

  struct Stores {
    delivery::DeliveryStore& deliveries;
    delivery::FleetStore& fleet;
    delivery::CatalogStore& catalog;
  };

  Engine(const Stores& stores, delivery::AdapterRegistry& adapters, delivery::Transport& transport, const Clock& clock,
         Random& random)
      : Engine(stores, adapters, transport, clock, random, Options{}) {}
  Engine(const Stores& stores, delivery::AdapterRegistry& adapters, delivery::Transport& transport, const Clock& clock,
         Random& random, const Options& options)
      : instruments{clock, random, metrics, logger},
        scheduler(options.scheduler),
        fleet(
            stores.fleet, instruments,
            [this](const std::shared_ptr<const delivery::Ownership>& ownership) { scheduler.update(ownership); },
            fleet_options(options)),
        news(scheduler, stores.deliveries, instruments,
             {.here = [this] { ++work_here; }, .everywhere = [this] { discovery.look_everywhere(); }}, {}),
        discovery(stores.deliveries, stores.fleet, scheduler, instruments, [this] { ++work_found; },
                  {.daemon_id = options.daemon_id}),
        catalog(stores.catalog, {[this](const Catalog& fresh) { scheduler.update(fresh); }}),
        secrets(providers, options.secret_calls, clock, random, metrics, logger, {}),
        credential_watch(clock),
        settler(
            stores.deliveries, stores.catalog, credential_watch, instruments, [this] { ++settler_wakes; },
            [this] { ++slots_freed; }, options.settler),
        authorizer(transport, clock),
        attempts(adapters, secrets, authorizer, transport, scheduler, credential_watch, instruments, {}),
        dispatcher(stores.deliveries, catalog, scheduler, attempts, settler.landings(), instruments,
                   {.daemon_id = options.daemon_id}),
        rescuer(stores.deliveries, catalog, news, instruments, {.daemon_id = options.daemon_id}),
        intake(
            stores.deliveries, catalog, news, instruments,
            [this] {
              if (on_submit) on_submit();
            },
            options.intake) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Introduces what is new, and looks at everything once.
  void discover() {
    discovery.look_everywhere();
    while (discovery.run_once() == std::chrono::milliseconds{0}) {
    }
  }

  RecordingLogger logger;
  telemetry::Metrics metrics;
  std::shared_ptr<OneSecretProvider> provider = std::make_shared<OneSecretProvider>();
  secrets::SecretProviders providers{{provider}};
  const delivery::Instruments instruments;
  delivery::Scheduler scheduler;
  delivery::Fleet fleet;
  delivery::WorkNews news;
  delivery::Discovery discovery;
  delivery::CatalogCache catalog;
  secrets::SecretBroker secrets;
  int settler_wakes = 0, slots_freed = 0, work_here = 0, work_found = 0;
  delivery::CredentialWatch credential_watch;
  delivery::Settler settler;
  delivery::Authorizer authorizer;
  delivery::AttemptRunner attempts;
  delivery::Dispatcher dispatcher;
  delivery::Rescuer rescuer;
  std::function<void()> on_submit;
  delivery::Intake intake;

 private:
  static delivery::Fleet::Options fleet_options(const Options& options) {
    auto fleet = options.fleet;
    fleet.daemon_id = options.daemon_id;
    return fleet;
  }
};

}  // namespace opi::test
