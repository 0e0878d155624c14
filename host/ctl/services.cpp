#include "ctl/services.hpp"

#include <thread>

#include "api/adapter_routes.hpp"
#include "api/alert_routes.hpp"
#include "api/audit_routes.hpp"
#include "api/credential_routes.hpp"
#include "api/dead_letter_routes.hpp"
#include "api/delivery_event_routes.hpp"
#include "api/delivery_routes.hpp"
#include "api/destination_routes.hpp"
#include "api/filter_routes.hpp"
#include "api/health_routes.hpp"
#include "api/operation_routes.hpp"
#include "api/policy_routes.hpp"
#include "api/portal_link_routes.hpp"
#include "api/published_event_routes.hpp"
#include "api/tenant_routes.hpp"
#include "api/token_routes.hpp"
#include "api/waiting_delivery_routes.hpp"
#include "ctl/store_access.hpp"
#include "node/parts.hpp"

namespace opi::ctl {

Services::Services(const configuration::Configuration& configuration, const Clock& clock, Random& random)
    : clock_(clock),
      random_(random),
      stores_(open_store(configuration, clock)),
      desk_(configuration, clock, random),
      adapters_(desk_),
      credential_check_(desk_),
      endpoints_(resolver_, node::address_guard(configuration), {}),
      scheduler_(delivery::Scheduler::Options{}),
      instruments_{clock_, random_, metrics_, desk_.logger()},
      // Whose the destinations are only daemons know: they are told at once.
      news_(scheduler_, *stores_.deliveries, instruments_, {.elsewhere = [this] { news_.run_once(); }},
            {.interval = std::chrono::milliseconds{0}}),
      catalog_(*stores_.catalog, {}),
      // Nothing waits here: a test event is stored by the thread that hands it in.
      intake_(*stores_.deliveries, catalog_, news_, instruments_, [] {}, {}),
      dead_letters_(*stores_.dead_letters, [this] { news_.due_somewhere(); }),
      waiting_(*stores_.waiting, *stores_.query, clock_, random_, [this] { news_.due_somewhere(); }),
      editor_(*stores_.catalog, catalog_, clock_),
      tenants_(editor_),
      destinations_(editor_, adapters_, endpoints_, clock_, random_),
      removal_(editor_, waiting_, clock_),
      credentials_(editor_, adapters_, credential_check_, clock_),
      policies_(editor_),
      alert_settings_(editor_),
      test_events_(editor_, intake_, *stores_.query, clock_, random_,
                   [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); }),
      tokens_(*stores_.tokens, clock_, {}),
      jwts_("", {}, clock_),
      sessions_(*stores_.sessions, tokens_, clock_, random_, {}),
      failed_sign_ins_(*stores_.audit, clock_, {}),
      authenticator_(tokens_, jwts_, sessions_, failed_sign_ins_, clock_, {}),
      unused_key_(crypto::Ed25519Key::generate()),
      payloads_open_(
          [configuration](const TenantId& tenant) { return configuration.opens_payloads_of(tenant.str()); }) {
  catalog_.refresh();
  make_routes();
}

Services::~Services() = default;

void Services::make_routes() {
  api::add_published_event_routes(routes_, *stores_.events, *stores_.query, catalog_, *stores_.audit, runtime(), clock_,
                                  payloads_open_);
  api::add_delivery_routes(routes_, *stores_.query, catalog_, runtime());
  api::add_dead_letter_routes(routes_, *stores_.query, dead_letters_, catalog_, runtime(), clock_);
  api::add_waiting_delivery_routes(routes_, *stores_.query, waiting_, catalog_, runtime(), clock_);
  api::add_operation_routes(routes_, {*stores_.operations, waiting_, dead_letters_, clock_, random_});
  api::add_tenant_routes(routes_, tenants_, editor_);
  api::add_adapter_routes(routes_, adapters_);
  api::add_destination_routes(routes_, destinations_, removal_, test_events_, credential_check_, editor_, runtime());
  api::add_filter_routes(routes_, *stores_.query);
  api::add_credential_routes(routes_, credentials_, credential_check_, editor_);
  api::add_policy_routes(routes_, policies_, editor_);
  api::add_alert_routes(routes_, *stores_.alerts, catalog_, alert_settings_, editor_);
  api::add_delivery_event_routes(routes_, *stores_.feed);
  api::add_health_routes(routes_, *stores_.health, catalog_, runtime(), clock_);
  api::add_token_routes(routes_, *stores_.tokens, authenticator_, clock_, random_);
  api::add_portal_link_routes(routes_, *stores_.sessions, clock_, random_);
  // Of these, only those that sign nothing are called: export and verify are commands of their own, with the key of the
  // node's file, which a mere look must not make.
  api::add_audit_routes(routes_, *stores_.audit, unused_key_, {}, clock_);
}

}  // namespace opi::ctl
