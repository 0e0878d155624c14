#pragma once
#include <string>

#include "api/audit_routes.hpp"
#include "api/dead_letter_routes.hpp"
#include "api/delivery_event_routes.hpp"
#include "api/delivery_routes.hpp"
#include "api/event_routes.hpp"
#include "api/health_routes.hpp"
#include "api/operation_routes.hpp"
#include "api/problem.hpp"
#include "api/request_handler.hpp"
#include "api/request_target.hpp"
#include "api/portal_link_routes.hpp"
#include "api/session_routes.hpp"
#include "api/token_routes.hpp"
#include "api/waiting_delivery_routes.hpp"
#include "crypto/ed25519.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/intake.hpp"
#include "sqlite/sqlite_audit_log.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_dead_letter_store.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "sqlite/sqlite_delivery_query.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/sqlite_fleet_store.hpp"
#include "sqlite/sqlite_health_query.hpp"
#include "sqlite/sqlite_operation_store.hpp"
#include "sqlite/sqlite_session_store.hpp"
#include "sqlite/sqlite_token_store.hpp"
#include "sqlite/sqlite_waiting_delivery_store.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::fuzz {

class SilentLogger final : public telemetry::Logger {
 public:
  [[nodiscard]] bool enabled(telemetry::Level) const override { return false; }
  void log(telemetry::Level, std::string_view, std::initializer_list<telemetry::Field>) override {}
};

// The API over a real store in memory, with tenant acme and a token and a session of its tenant_admin.
struct ApiWorld {
  ApiWorld() {
    database.migrate();
    audit::Entry entry;
    entry.tenant = *TenantId::parse("acme");
    entry.actor_id = "fuzz";
    entry.action = audit::Action::tenant_created;
    entry.target = "tenant:acme";
    catalog_store.put_tenant({entry.tenant, "Acme", {}}, entry);
    const auto issued =
        identity::issue_token(Role::tenant_admin, entry.tenant, "", clock.unix_now(), std::nullopt, random);
    token_store.insert(issued.record, entry);
    token = issued.text;
    const auto answer = authenticator.sign_in({"POST", "Bearer " + token, "", "", "192.0.2.1"}, "");
    session = std::get<identity::Sessions::Opened>(answer).secret;
    csrf = identity::csrf_token_of(session);
    catalog.refresh();
    const api::DestinationRuntime runtime{scheduler, fleet_store, "fuzz", clock};
    api::add_event_routes(routes, intake, catalog);
    api::add_delivery_routes(routes, query, catalog, runtime);
    api::add_dead_letter_routes(routes, query, dead_letters, catalog, runtime, clock);
    api::add_waiting_delivery_routes(routes, query, waiting, catalog, runtime, clock);
    api::add_operation_routes(routes, {operations, waiting, dead_letters, clock, random});
    api::add_delivery_event_routes(routes, feed);
    api::add_health_routes(routes, health, catalog, runtime, clock);
    api::add_session_routes(routes, authenticator, true);
    api::add_token_routes(routes, token_store, authenticator, clock, random);
    api::add_portal_link_routes(routes, session_store, clock, random);
    api::add_audit_routes(routes, audit_log, key, {key.public_key()}, clock);
  }

  // False if the target is refused: then the server answers by itself.
  static bool read_target(const std::string& target, api::RequestHead& head) {
    try {
      auto read = api::read_target(target);
      head.path = std::move(read.path);
      head.query = std::move(read.query);
      return true;
    } catch (const api::ProblemError&) {
      return false;
    }
  }
  api::Response ask(api::RequestHead head, const std::string& body) {
    const api::RequestHandler handler(routes, authenticator, [](const TenantId&) { return true; }, logger, {});
    head.address = "192.0.2.1";
    auto admitted = handler.admit(head);
    if (auto* refusal = std::get_if<api::Response>(&admitted)) return std::move(*refusal);
    return handler.answer(std::move(std::get<api::Admission>(admitted)), body);
  }

  test::ManualClock clock;
  test::SeededRandom random{1};
  SilentLogger logger;
  telemetry::Metrics metrics;
  sqlite::SqliteDatabase database{{.path = ":memory:"}};
  sqlite::SqliteDeliveryStore store{database, clock};
  sqlite::SqliteCatalogStore catalog_store{database};
  sqlite::SqliteFleetStore fleet_store{database, clock};
  sqlite::SqliteDeliveryQuery query{database};
  sqlite::SqliteDeadLetterStore dead_letter_store{database, clock};
  sqlite::SqliteWaitingDeliveryStore waiting_store{database, clock};
  sqlite::SqliteOperationStore operations{database};
  sqlite::SqliteDeliveryFeed feed{database};
  sqlite::SqliteHealthQuery health{database};
  sqlite::SqliteAuditLog audit_log{database};
  sqlite::SqliteTokenStore token_store{database};
  sqlite::SqliteSessionStore session_store{database};
  crypto::Ed25519Key key = crypto::Ed25519Key::generate();
  delivery::Scheduler scheduler{{}};
  delivery::CatalogCache catalog{catalog_store, {}};
  const delivery::Instruments instruments{clock, random, metrics, logger};
  delivery::WorkNews news{scheduler, store, instruments, {}, {}};
  delivery::Intake intake{store, catalog, news, instruments, [this] { intake.run_once(); }, {}};
  delivery::DeadLetters dead_letters{dead_letter_store, [] {}};
  delivery::WaitingDeliveries waiting{waiting_store, query, clock, random, [] {}};
  identity::TokenVerifier tokens{token_store, clock, {}};
  identity::JwtVerifier jwts{"", {}, clock};
  identity::Sessions sessions{session_store, tokens, clock, random, {}};
  identity::FailedSignIns failures{audit_log, clock, {}};
  identity::Authenticator authenticator{tokens, jwts, sessions, failures, clock, {1'000'000, 1'000'000, 100}};
  api::RouteTable routes;
  std::string token, session, csrf;
};

}  // namespace opi::fuzz
