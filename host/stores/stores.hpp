#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "audit/audit_log.hpp"
#include "configuration/configuration.hpp"
#include "delivery/alert_store.hpp"
#include "delivery/catalog_store.hpp"
#include "delivery/dead_letters.hpp"
#include "delivery/delivery_feed.hpp"
#include "delivery/delivery_health.hpp"
#include "delivery/delivery_query.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/event_query.hpp"
#include "delivery/fleet_store.hpp"
#include "delivery/inbox.hpp"
#include "delivery/operation.hpp"
#include "delivery/retention.hpp"
#include "delivery/store_watch.hpp"
#include "delivery/waiting_deliveries.hpp"
#include "identity/session_store.hpp"
#include "identity/token_store.hpp"

namespace opi::stores {

// Hears of work that other daemons stored; null where there can be no other daemon.
class WorkListener {
 public:
  virtual ~WorkListener() = default;
  // Waits at most `timeout`; nullopt if nothing was announced in it. Else the destinations that have work; none of them
  // named means that any may have some. One thread. Throws StoreUnavailable.
  virtual std::optional<std::vector<DestinationId>> run_once(std::chrono::milliseconds timeout) = 0;
};

// All stores of the configured engine over one database.
struct Stores {
  std::shared_ptr<void> database;  // outlives the others
  std::unique_ptr<delivery::DeliveryStore> deliveries;
  std::unique_ptr<delivery::FleetStore> fleet;
  std::unique_ptr<delivery::CatalogStore> catalog;
  std::unique_ptr<delivery::DeliveryQuery> query;
  std::unique_ptr<delivery::EventQuery> events;
  std::unique_ptr<delivery::DeadLetterStore> dead_letters;
  std::unique_ptr<delivery::WaitingDeliveryStore> waiting;
  std::unique_ptr<delivery::OperationStore> operations;
  std::unique_ptr<delivery::DeliveryFeed> feed;
  std::unique_ptr<delivery::HealthQuery> health;
  std::unique_ptr<delivery::RetentionStore> retention;
  std::unique_ptr<delivery::AlertStore> alerts;
  std::unique_ptr<audit::AuditLog> audit;
  std::unique_ptr<identity::TokenStore> tokens;
  std::unique_ptr<identity::SessionStore> sessions;
  std::unique_ptr<delivery::WriteProbe> probe;
  std::unique_ptr<WorkListener> listener;
  std::unique_ptr<delivery::Inbox> inbox;  // null where producers cannot publish by SQL
  // From `when` on nobody waits for the database, whatever his own deadline is: what is under way then fails, or is in
  // doubt. Where it is a file nobody waits for long.
  std::function<void(std::chrono::steady_clock::time_point when)> give_up_at = [](auto) {};
};

// Opens the database and brings its schema up to date. Throws StoreUnavailable, or std::runtime_error with what an
// operator must mend (such as a schema of a newer version).
Stores open(const configuration::Configuration& configuration, const Clock& clock);

}  // namespace opi::stores
