#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "administration/alert_settings.hpp"
#include "administration/broker_credential_check.hpp"
#include "administration/credentials.hpp"
#include "administration/destination_removal.hpp"
#include "administration/destinations.hpp"
#include "administration/policies.hpp"
#include "administration/tenants.hpp"
#include "administration/test_events.hpp"
#include "api/console_assets.hpp"
#include "api/http_server.hpp"
#include "audit/checkpointer.hpp"
#include "configuration/configuration.hpp"
#include "crypto/ed25519.hpp"
#include "daemon/predecessor.hpp"
#include "delivery/alert_watch.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/discovery.hpp"
#include "delivery/dispatcher.hpp"
#include "delivery/feed_publisher.hpp"
#include "delivery/fleet.hpp"
#include "delivery/hold_watch.hpp"
#include "delivery/inbox_drain.hpp"
#include "delivery/intake.hpp"
#include "delivery/operation_runner.hpp"
#include "delivery/rescuer.hpp"
#include "delivery/retention.hpp"
#include "delivery/settler.hpp"
#include "delivery/store_watch.hpp"
#include "delivery/waiting_deliveries.hpp"
#include "egress/guarded_endpoint_check.hpp"
#include "egress/http_transport.hpp"
#include "egress/system_resolver.hpp"
#include "identity/authenticator.hpp"
#include "node/secret_refresh.hpp"
#include "plugins/plugin_adapter_directory.hpp"
#include "plugins/plugin_adapter_registry.hpp"
#include "plugins/plugin_host.hpp"
#include "plugins/plugin_provider_registry.hpp"
#include "runtime/periodic_service.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/worker_pool.hpp"
#include "stores/stores.hpp"
#include "telemetry/json_logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::daemon {

// The composition root: every part is made here, from the general to the specific, and wired by reference.
class Daemon {
 public:
  // Opens the store and loads the plugins; nothing is claimed or served before start(). Throws std::exception with
  // what an operator must mend.
  Daemon(const configuration::Configuration& configuration, telemetry::JsonLogger& logger);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start();
  // Begins to take no more work, and has whoever waits for the store do so until the end of the drain at most. Waits
  // for nothing. Idempotent.
  void request_stop();
  // Takes no more work, finishes what is under way within the drain timeout, gives back the rest. Idempotent.
  void drain_and_stop();
  // Applies what may change while running.
  void reload(const configuration::Configuration& configuration);

  // False if the dispatcher has not come round for so long that a restart is the better daemon.
  [[nodiscard]] bool alive() const;
  [[nodiscard]] std::uint16_t api_port() const { return api_->port(); }
  // What the API serves, each route with its action: what documents and tests hold against it.
  [[nodiscard]] api::RouteTable make_routes();

 private:
  struct Services;
  void report_plugins(const plugins::PluginHost::Change& change);
  void refresh_secrets(const node::RefreshRequest& request);
  void answer_refresh_request();
  void tell_of_refresh(const node::RefreshRequest& request, const secrets::SecretBroker::Refreshed& refreshed);
  void record_failed_sign_ins();
  void make_services();
  runtime::PeriodicService::RunOnce if_leading(runtime::PeriodicService::RunOnce run_once);
  void leave_fleet();
  void make_servers();
  bool is_known(const TenantId& tenant);
  void tell_of_newer_versions(const Catalog& catalog);
  void tell_of_unreadable_filters(const Catalog& catalog);
  std::string readiness();
  void wait_until_settled(MonoTime deadline);

  const configuration::Configuration configuration_;
  telemetry::JsonLogger& logger_;
  telemetry::Metrics metrics_;
  runtime::SystemClock clock_;
  runtime::SystemRandom random_;
  const std::string daemon_id_;
  Predecessor predecessor_;  // of the same state directory
  stores::Stores stores_;
  const crypto::Ed25519Key audit_key_;   // signs the audit trail's checkpoints and exports
  const audit::TrustedKeys audit_keys_;  // it, and those before it
  audit::Witness audit_witness_;
  audit::Checkpointer checkpointer_;
  plugins::PluginHost plugins_;
  secrets::SecretProviders secret_providers_;
  plugins::PluginProviderRegistry provider_registry_;
  runtime::WorkerPool adapter_workers_;  // make and end instances of plugins in this process
  plugins::PluginAdapterRegistry adapters_;
  runtime::WorkerPool secret_workers_;
  secrets::SecretBroker secrets_;
  egress::SystemResolver resolver_;
  std::unique_ptr<Services> services_;  // threads that run the parts below; made before them, started after
  const delivery::Instruments instruments_;
  delivery::Scheduler scheduler_;
  delivery::Fleet fleet_;
  delivery::WorkNews news_;
  delivery::Discovery discovery_;
  std::map<DestinationId, std::int64_t> held_for_newer_;     // by revision; the listeners of catalog_ run one at a time
  std::map<DestinationId, std::string> unreadable_filters_;  // by text: those that were told of
  delivery::CatalogCache catalog_;
  delivery::CredentialWatch credential_watch_;
  delivery::Settler settler_;
  std::unique_ptr<egress::HttpTransport> transport_;  // ended before the parts its completions call
  delivery::Authorizer authorizer_;
  delivery::AttemptRunner attempts_;
  delivery::HoldWatch holds_;
  delivery::Dispatcher dispatcher_;
  delivery::Rescuer rescuer_;
  delivery::Intake intake_;
  std::unique_ptr<delivery::InboxDrain> inbox_;  // null where producers cannot publish by SQL
  delivery::DeadLetters dead_letters_;
  delivery::WaitingDeliveries waiting_;
  delivery::OperationRunner operations_;
  plugins::PluginAdapterDirectory adapter_directory_;
  egress::GuardedEndpointCheck endpoints_;
  administration::BrokerCredentialCheck credential_check_;
  administration::CatalogEditor editor_;
  administration::Tenants tenants_;
  administration::Destinations destinations_;
  administration::DestinationRemoval removal_;
  administration::Credentials credentials_;
  administration::Policies policies_;
  administration::AlertSettings alert_settings_;
  administration::TestEvents test_events_;
  delivery::FeedPublisher feed_publisher_;
  delivery::Retention retention_;
  delivery::AlertWatch alerts_;
  delivery::StoreWatch store_watch_;
  identity::TokenVerifier tokens_;
  identity::JwtVerifier jwts_;
  identity::Sessions sessions_;
  identity::FailedSignIns failed_sign_ins_;
  identity::Authenticator authenticator_;
  const api::ConsoleAssets console_;
  std::unique_ptr<api::HttpServer> api_, status_;
  std::atomic<bool> serving_ = false;
  std::atomic<bool> stopped_ = false;
  MonoTime stop_requested_at_{};
  std::atomic<std::int64_t> dispatched_at_{0};  // mono, ns
};

}  // namespace opi::daemon
