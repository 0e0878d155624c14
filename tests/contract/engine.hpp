#pragma once
#include <functional>
#include <memory>
#include <string>

#include "audit/audit_log.hpp"
#include "delivery/alert_store.hpp"
#include "delivery/catalog_store.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/delivery_feed.hpp"
#include "delivery/delivery_health.hpp"
#include "delivery/delivery_query.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/event_query.hpp"
#include "delivery/fleet_store.hpp"
#include "delivery/operation.hpp"
#include "delivery/retention.hpp"
#include "delivery/waiting_deliveries.hpp"
#include "identity/session_store.hpp"
#include "identity/token_store.hpp"
#include "support/manual_clock.hpp"

namespace opi::test {

// One empty, migrated database with every port on it, and a side door.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual delivery::DeliveryStore& store() = 0;
  virtual delivery::DeliveryStore& other_daemons_store() = 0;  // with sessions of its own where the engine allows
  virtual delivery::FleetStore& fleet() = 0;
  virtual delivery::FleetStore& other_daemons_fleet() = 0;
  virtual delivery::CatalogStore& catalog() = 0;
  virtual delivery::DeliveryQuery& query() = 0;
  virtual delivery::EventQuery& events() = 0;
  virtual delivery::DeadLetterStore& dead_letters() = 0;
  virtual delivery::WaitingDeliveryStore& waiting() = 0;
  virtual delivery::OperationStore& operations() = 0;
  virtual delivery::DeliveryFeed& feed() = 0;
  virtual delivery::HealthQuery& health() = 0;
  virtual delivery::RetentionStore& retention() = 0;
  virtual delivery::AlertStore& alerts() = 0;
  virtual audit::AuditLog& audit() = 0;
  virtual identity::TokenStore& tokens() = 0;
  virtual identity::SessionStore& sessions() = 0;

  // Once more; the constructor has done it.
  virtual void migrate() = 0;

  // Past every store. Throws std::runtime_error if the database refuses.
  virtual void execute(const std::string& sql) = 0;
  virtual std::string scalar(const std::string& sql) = 0;  // the first column of the first row, as text
  virtual void expire_leases() = 0;                        // every lease ran out just now
  virtual delivery::DueTime now() = 0;                     // by the database's clock
  virtual void make_all_due() = 0;                         // whatever waits is due since a moment ago

  ManualClock clock;
};

struct EngineKind {
  const char* name;
  std::function<std::unique_ptr<Engine>()> make;
};

std::unique_ptr<Engine> make_sqlite_file_engine();
std::unique_ptr<Engine> make_sqlite_memory_engine();
std::unique_ptr<Engine> make_postgres_engine();

}  // namespace opi::test
