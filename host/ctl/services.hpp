#pragma once
#include "administration/alert_settings.hpp"
#include "administration/credentials.hpp"
#include "administration/destination_removal.hpp"
#include "administration/destinations.hpp"
#include "administration/policies.hpp"
#include "administration/tenants.hpp"
#include "administration/test_events.hpp"
#include "api/destination_runtime.hpp"
#include "api/published_event_routes.hpp"
#include "api/route_table.hpp"
#include "crypto/ed25519.hpp"
#include "ctl/plugin_desk.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/intake.hpp"
#include "delivery/waiting_deliveries.hpp"
#include "egress/guarded_endpoint_check.hpp"
#include "egress/system_resolver.hpp"
#include "identity/authenticator.hpp"
#include "stores/stores.hpp"
#include "telemetry/metrics.hpp"

namespace opi::ctl {

// The command line's composition root: the parts of the daemon that answer its API, over the same store, without its
// threads and its server. For one thread.
class Services {
 public:
  // Opens the store and brings its schema up to date. Throws Failure.
  Services(const configuration::Configuration& configuration, const Clock& clock, Random& random);
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  [[nodiscard]] const api::RouteTable& routes() const { return routes_; }
  [[nodiscard]] const stores::Stores& stores() const { return stores_; }
  PluginDesk& plugins() { return desk_; }
  [[nodiscard]] const administration::AdapterDirectory& adapters() const { return adapters_; }
  std::shared_ptr<const Catalog> catalog() { return editor_.catalog(); }
  // As the daemons have stored it.
  [[nodiscard]] api::DestinationRuntime runtime() { return {scheduler_, *stores_.fleet, {}, clock_}; }

 private:
  void make_routes();

  const Clock& clock_;
  Random& random_;
  telemetry::Metrics metrics_;
  stores::Stores stores_;
  PluginDesk desk_;
  DeskAdapters adapters_;
  DeskCredentials credential_check_;
  egress::SystemResolver resolver_;
  egress::GuardedEndpointCheck endpoints_;
  delivery::Scheduler scheduler_;
  const delivery::Instruments instruments_;
  delivery::WorkNews news_;
  delivery::CatalogCache catalog_;
  delivery::Intake intake_;
  delivery::DeadLetters dead_letters_;
  delivery::WaitingDeliveries waiting_;
  administration::CatalogEditor editor_;
  administration::Tenants tenants_;
  administration::Destinations destinations_;
  administration::DestinationRemoval removal_;
  administration::Credentials credentials_;
  administration::Policies policies_;
  administration::AlertSettings alert_settings_;
  administration::TestEvents test_events_;
  identity::TokenVerifier tokens_;
  identity::JwtVerifier jwts_;
  identity::Sessions sessions_;
  identity::FailedSignIns failed_sign_ins_;
  identity::Authenticator authenticator_;
  const crypto::Ed25519Key unused_key_;
  const api::PayloadsOpen payloads_open_;
  api::RouteTable routes_;
};

}  // namespace opi::ctl
