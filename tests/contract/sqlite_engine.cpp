#include <filesystem>
#include <list>
#include <stdexcept>

#include "contract/engine.hpp"
#include "domain/store_errors.hpp"
#include "sqlite/query.hpp"
#include "sqlite/sqlite_alert_store.hpp"
#include "sqlite/sqlite_audit_log.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
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
#include "support/temporary_folder.hpp"

namespace opi::test {
namespace {

class SqliteEngine final : public Engine {
 public:
  explicit SqliteEngine(bool in_memory)
      : database_({.path = in_memory ? ":memory:" : (folder_.path() / "opi.db").string()}) {
    if (!in_memory) {
      other_database_ =
          std::make_unique<sqlite::SqliteDatabase>(sqlite::SqliteOptions{.path = (folder_.path() / "opi.db").string()});
    }
    database_.migrate();
  }

  delivery::DeliveryStore& store() override { return store_; }
  delivery::DeliveryStore& other_daemons_store() override { return other_store_; }
  delivery::FleetStore& fleet() override { return fleet_; }
  delivery::FleetStore& other_daemons_fleet() override { return other_fleet_; }
  delivery::CatalogStore& catalog() override { return catalog_; }
  delivery::DeliveryQuery& query() override { return query_; }
  delivery::EventQuery& events() override { return events_; }
  delivery::DeadLetterStore& dead_letters() override { return dead_letters_; }
  delivery::WaitingDeliveryStore& waiting() override { return waiting_; }
  delivery::OperationStore& operations() override { return operations_; }
  delivery::DeliveryFeed& feed() override { return feed_; }
  delivery::HealthQuery& health() override { return health_; }
  delivery::RetentionStore& retention() override { return retention_; }
  delivery::AlertStore& alerts() override { return alerts_; }
  audit::AuditLog& audit() override { return audit_; }
  identity::TokenStore& tokens() override { return tokens_; }
  identity::SessionStore& sessions() override { return sessions_; }

  void migrate() override { database_.migrate(); }

  void execute(const std::string& sql) override {
    try {
      database_.writer()->script(sql, "side door");
    } catch (const StoreRefused& refusal) {
      throw std::runtime_error(refusal.what());
    }
  }

  std::string scalar(const std::string& sql) override {
    statements_.push_back({"side_door_" + std::to_string(statements_.size()), sql});
    const auto session = database_.writer();
    sqlite::Query row{*session, {statements_.back().first.c_str(), statements_.back().second.c_str()}};
    if (!row.step()) throw std::runtime_error("no row");
    return row.string(0);
  }

  void expire_leases() override {
    execute("UPDATE integration_outbox SET locked_until_ms = " + std::to_string(now_ms() - 1) +
            " WHERE state = 'delivering'");
  }
  delivery::DueTime now() override { return now_ms() * 1000; }
  void make_all_due() override {
    execute("UPDATE integration_outbox SET due_at_us = " + std::to_string((now_ms() - 1) * 1000) +
            " WHERE state <> 'delivering' AND due_at_us < 9223372036854775807");
  }

 private:
  [[nodiscard]] std::int64_t now_ms() const { return clock.unix_now().time_since_epoch().count(); }

  TemporaryFolder folder_;
  std::list<std::pair<std::string, std::string>> statements_;  // compiled under their names until the end
  sqlite::SqliteDatabase database_;
  std::unique_ptr<sqlite::SqliteDatabase> other_database_;
  sqlite::SqliteDeliveryStore store_{database_, clock};
  sqlite::SqliteDeliveryStore other_store_{other_database_ ? *other_database_ : database_, clock};
  sqlite::SqliteFleetStore fleet_{database_, clock};
  sqlite::SqliteFleetStore other_fleet_{other_database_ ? *other_database_ : database_, clock};
  sqlite::SqliteCatalogStore catalog_{database_};
  sqlite::SqliteDeliveryQuery query_{database_};
  sqlite::SqliteEventQuery events_{database_};
  sqlite::SqliteDeadLetterStore dead_letters_{database_, clock};
  sqlite::SqliteWaitingDeliveryStore waiting_{database_, clock};
  sqlite::SqliteOperationStore operations_{database_};
  sqlite::SqliteDeliveryFeed feed_{database_};
  sqlite::SqliteHealthQuery health_{database_};
  sqlite::SqliteRetentionStore retention_{database_};
  sqlite::SqliteAlertStore alerts_{database_, clock};
  sqlite::SqliteAuditLog audit_{database_};
  sqlite::SqliteTokenStore tokens_{database_};
  sqlite::SqliteSessionStore sessions_{database_};
};

}  // namespace

std::unique_ptr<Engine> make_sqlite_file_engine() { return std::make_unique<SqliteEngine>(false); }
std::unique_ptr<Engine> make_sqlite_memory_engine() { return std::make_unique<SqliteEngine>(true); }

}  // namespace opi::test
