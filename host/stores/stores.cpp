#include "stores/stores.hpp"

#include <filesystem>

#include "postgres/postgres_alert_store.hpp"
#include "postgres/postgres_audit_log.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_database.hpp"
#include "postgres/postgres_dead_letter_store.hpp"
#include "postgres/postgres_delivery_feed.hpp"
#include "postgres/postgres_delivery_query.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/postgres_event_query.hpp"
#include "postgres/postgres_fleet_store.hpp"
#include "postgres/postgres_health_query.hpp"
#include "postgres/postgres_inbox.hpp"
#include "postgres/postgres_operation_store.hpp"
#include "postgres/postgres_retention_store.hpp"
#include "postgres/postgres_session_store.hpp"
#include "postgres/postgres_token_store.hpp"
#include "postgres/postgres_waiting_delivery_store.hpp"
#include "postgres/postgres_work_listener.hpp"
#include "postgres/postgres_write_probe.hpp"
#include "sqlite/sqlite_alert_store.hpp"
#include "sqlite/sqlite_audit_log.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_database.hpp"
#include "sqlite/sqlite_dead_letter_store.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "sqlite/sqlite_delivery_query.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "sqlite/sqlite_event_query.hpp"
#include "sqlite/sqlite_fleet_store.hpp"
#include "sqlite/sqlite_health_query.hpp"
#include "sqlite/sqlite_operation_store.hpp"
#include "sqlite/sqlite_retention_store.hpp"
#include "sqlite/sqlite_session_store.hpp"
#include "sqlite/sqlite_token_store.hpp"
#include "sqlite/sqlite_waiting_delivery_store.hpp"
#include "sqlite/sqlite_write_probe.hpp"

namespace opi::stores {
namespace {

class PostgresListener final : public WorkListener {
 public:
  explicit PostgresListener(const postgres::PostgresOptions& options) : listener_(options) {}
  std::optional<std::vector<DestinationId>> run_once(std::chrono::milliseconds timeout) override {
    return listener_.run_once(timeout);
  }

 private:
  postgres::PostgresWorkListener listener_;
};

Stores open_postgres(const configuration::Configuration& configuration, const Clock& clock) {
  postgres::PostgresOptions options;
  options.connection = configuration.postgres_connection;
  auto database = std::make_shared<postgres::PostgresDatabase>(options);
  database->migrate();
  Stores stores;
  stores.deliveries = std::make_unique<postgres::PostgresDeliveryStore>(*database, clock);
  stores.fleet = std::make_unique<postgres::PostgresFleetStore>(*database);
  stores.catalog = std::make_unique<postgres::PostgresCatalogStore>(*database);
  stores.query = std::make_unique<postgres::PostgresDeliveryQuery>(*database);
  stores.events = std::make_unique<postgres::PostgresEventQuery>(*database);
  stores.dead_letters = std::make_unique<postgres::PostgresDeadLetterStore>(*database);
  stores.waiting = std::make_unique<postgres::PostgresWaitingDeliveryStore>(*database);
  stores.operations = std::make_unique<postgres::PostgresOperationStore>(*database);
  stores.feed = std::make_unique<postgres::PostgresDeliveryFeed>(*database);
  stores.health = std::make_unique<postgres::PostgresHealthQuery>(*database);
  stores.retention = std::make_unique<postgres::PostgresRetentionStore>(*database);
  stores.alerts = std::make_unique<postgres::PostgresAlertStore>(*database);
  stores.audit = std::make_unique<postgres::PostgresAuditLog>(*database);
  stores.tokens = std::make_unique<postgres::PostgresTokenStore>(*database);
  stores.sessions = std::make_unique<postgres::PostgresSessionStore>(*database);
  stores.probe = std::make_unique<postgres::PostgresWriteProbe>(options);
  stores.listener = std::make_unique<PostgresListener>(options);
  stores.inbox = std::make_unique<postgres::PostgresInbox>(*database);
  stores.give_up_at = [closing = options.closing](auto when) { closing->set(when); };
  stores.database = std::move(database);
  return stores;
}

// On a fresh machine whoever comes first, daemon or integrationsctl, makes the state directory.
void make_private_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  if (std::filesystem::exists(folder, failure)) return;
  if (std::filesystem::create_directories(folder, failure))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
  if (failure) throw StoreUnavailable("cannot make " + folder.string() + ": " + failure.message());
}

Stores open_sqlite(const configuration::Configuration& configuration, const Clock& clock) {
  sqlite::SqliteOptions options;
  options.path = configuration.sqlite_file();
  make_private_folder(std::filesystem::path(options.path).parent_path());
  auto database = std::make_shared<sqlite::SqliteDatabase>(options);
  database->migrate();
  Stores stores;
  stores.deliveries = std::make_unique<sqlite::SqliteDeliveryStore>(*database, clock);
  stores.fleet = std::make_unique<sqlite::SqliteFleetStore>(*database, clock);
  stores.catalog = std::make_unique<sqlite::SqliteCatalogStore>(*database);
  stores.query = std::make_unique<sqlite::SqliteDeliveryQuery>(*database);
  stores.events = std::make_unique<sqlite::SqliteEventQuery>(*database);
  stores.dead_letters = std::make_unique<sqlite::SqliteDeadLetterStore>(*database, clock);
  stores.waiting = std::make_unique<sqlite::SqliteWaitingDeliveryStore>(*database, clock);
  stores.operations = std::make_unique<sqlite::SqliteOperationStore>(*database);
  stores.feed = std::make_unique<sqlite::SqliteDeliveryFeed>(*database);
  stores.health = std::make_unique<sqlite::SqliteHealthQuery>(*database);
  stores.retention = std::make_unique<sqlite::SqliteRetentionStore>(*database);
  stores.alerts = std::make_unique<sqlite::SqliteAlertStore>(*database, clock);
  stores.audit = std::make_unique<sqlite::SqliteAuditLog>(*database);
  stores.tokens = std::make_unique<sqlite::SqliteTokenStore>(*database);
  stores.sessions = std::make_unique<sqlite::SqliteSessionStore>(*database);
  stores.probe = std::make_unique<sqlite::SqliteWriteProbe>(*database);
  stores.database = std::move(database);
  return stores;
}

}  // namespace

Stores open(const configuration::Configuration& configuration, const Clock& clock) {
  return configuration.store_engine == configuration::StoreEngine::postgres ? open_postgres(configuration, clock)
                                                                            : open_sqlite(configuration, clock);
}

}  // namespace opi::stores
