#include <libpq-fe.h>

#include <stdexcept>

#include "contract/engine.hpp"
#include "contract/shared_cluster.hpp"
#include "postgres/postgres_alert_store.hpp"
#include "postgres/postgres_audit_log.hpp"
#include "postgres/postgres_catalog_store.hpp"
#include "postgres/postgres_dead_letter_store.hpp"
#include "postgres/postgres_delivery_feed.hpp"
#include "postgres/postgres_delivery_query.hpp"
#include "postgres/postgres_delivery_store.hpp"
#include "postgres/postgres_event_query.hpp"
#include "postgres/postgres_fleet_store.hpp"
#include "postgres/postgres_health_query.hpp"
#include "postgres/postgres_operation_store.hpp"
#include "postgres/postgres_retention_store.hpp"
#include "postgres/postgres_session_store.hpp"
#include "postgres/postgres_token_store.hpp"
#include "postgres/postgres_waiting_delivery_store.hpp"

namespace opi::test {
namespace {

class PostgresEngine final : public Engine {
 public:
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

  void execute(const std::string& sql) override { run(sql); }
  std::string scalar(const std::string& sql) override {
    const auto rows = run(sql);
    if (PQntuples(rows.get()) == 0) throw std::runtime_error("no row");
    return PQgetvalue(rows.get(), 0, 0);
  }

  void expire_leases() override {
    execute("UPDATE integration_outbox SET locked_until = now() - interval '1 ms' WHERE state = 'delivering'");
    execute("UPDATE integration_leases SET leased_until = now() - interval '1 ms' WHERE leased_until > now()");
  }
  delivery::DueTime now() override {
    return std::stoll(scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"));
  }
  void make_all_due() override {
    execute(
        "UPDATE integration_outbox SET due_at = now() - interval '1 ms' WHERE state <> 'delivering' AND due_at < "
        "'infinity'");
  }

 private:
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  Result run(const std::string& sql) {
    Result result{PQexec(side_door_.get(), sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    return result;
  }

  const std::string connection_ = create_migrated_database();
  std::unique_ptr<PGconn, decltype(&PQfinish)> side_door_{PQconnectdb(connection_.c_str()), &PQfinish};
  postgres::PostgresDatabase database_{{.connection = connection_}};
  postgres::PostgresDatabase other_database_{{.connection = connection_}};
  postgres::PostgresDeliveryStore store_{database_, clock};
  postgres::PostgresDeliveryStore other_store_{other_database_, clock};
  postgres::PostgresFleetStore fleet_{database_};
  postgres::PostgresFleetStore other_fleet_{other_database_};
  postgres::PostgresCatalogStore catalog_{database_};
  postgres::PostgresDeliveryQuery query_{database_};
  postgres::PostgresEventQuery events_{database_};
  postgres::PostgresDeadLetterStore dead_letters_{database_};
  postgres::PostgresWaitingDeliveryStore waiting_{database_};
  postgres::PostgresOperationStore operations_{database_};
  postgres::PostgresDeliveryFeed feed_{database_};
  postgres::PostgresHealthQuery health_{database_};
  postgres::PostgresRetentionStore retention_{database_};
  postgres::PostgresAlertStore alerts_{database_};
  postgres::PostgresAuditLog audit_{database_};
  postgres::PostgresTokenStore tokens_{database_};
  postgres::PostgresSessionStore sessions_{database_};
};

}  // namespace

PostgresCluster& shared_cluster() {
  static PostgresCluster cluster;
  return cluster;
}

std::string create_migrated_database() {
  static const std::string original = [] {
    const auto connection = shared_cluster().create_database();
    postgres::PostgresDatabase{{.connection = connection}}.migrate();
    return connection.substr(connection.rfind('=') + 1);
  }();
  return shared_cluster().create_database(original);
}

std::unique_ptr<Engine> make_postgres_engine() { return std::make_unique<PostgresEngine>(); }

}  // namespace opi::test
