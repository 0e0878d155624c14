#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "delivery/attempt_runner.hpp"
#include "delivery/dispatcher.hpp"
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
};

// Every service of one daemon, wired as daemon/ does it but without threads: the test calls run_once().
class Engine final {
 public:
  struct Options {
    std::string daemon_id = "daemon-1";
    delivery::Scheduler::Options scheduler;
    delivery::Intake::Options intake;
    delivery::Settler::Options settler;
  };

  Engine(delivery::DeliveryStore& store, delivery::CatalogStore& catalog_store, delivery::AdapterRegistry& adapters,
         delivery::Transport& transport, const Clock& clock, Random& random)
      : Engine(store, catalog_store, adapters, transport, clock, random, Options{}) {}
  Engine(delivery::DeliveryStore& store, delivery::CatalogStore& catalog_store, delivery::AdapterRegistry& adapters,
         delivery::Transport& transport, const Clock& clock, Random& random, const Options& options)
      : scheduler(options.scheduler),
        catalog(catalog_store, {[this](const Catalog& fresh) { scheduler.update(fresh); }}),
        secrets(providers,
                [](const std::function<void()>& blocking, const std::function<void()>& after) {
                  blocking();
                  after();
                },
                clock, random, metrics, logger, {}),
        credential_watch(clock),
        settler(
            store, catalog_store, scheduler, credential_watch, clock, metrics, logger, [this] { ++settler_wakes; },
            [this] { ++slots_freed; }, options.settler),
        authorizer(transport, clock),
        attempts(adapters, secrets, authorizer, transport, settler, scheduler, credential_watch, clock, random, logger,
                 {}),
        dispatcher(store, catalog, scheduler, attempts, settler, clock, metrics, logger,
                   {.daemon_id = options.daemon_id}),
        rescuer(store, catalog, scheduler, clock, random, metrics, logger, {.daemon_id = options.daemon_id}),
        intake(
            store, catalog, scheduler, clock, random, metrics,
            [this] {
              if (on_submit) on_submit();
            },
            [this] { ++work_arrived; }, options.intake) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  RecordingLogger logger;
  telemetry::Metrics metrics;
  std::shared_ptr<OneSecretProvider> provider = std::make_shared<OneSecretProvider>();
  secrets::SecretProviders providers{{provider}};
  delivery::Scheduler scheduler;
  delivery::CatalogCache catalog;
  secrets::SecretBroker secrets;
  int settler_wakes = 0, slots_freed = 0, work_arrived = 0;
  delivery::CredentialWatch credential_watch;
  delivery::Settler settler;
  delivery::Authorizer authorizer;
  delivery::AttemptRunner attempts;
  delivery::Dispatcher dispatcher;
  delivery::Rescuer rescuer;
  std::function<void()> on_submit;
  delivery::Intake intake;
};

}  // namespace opi::test
