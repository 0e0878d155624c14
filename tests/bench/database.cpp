#include "bench/database.hpp"

#include <libpq-fe.h>
#include <sqlite3.h>

#include <stdexcept>

namespace opi::bench {
namespace {

std::string query_postgres(const std::string& connection, const char* sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> session(PQconnectdb(connection.c_str()), PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(session.get(), sql), PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(std::string(sql) + ": " + PQerrorMessage(session.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

long long query_sqlite(const std::string& file, const char* sql) {
  sqlite3* handle = nullptr;
  sqlite3_open(file.c_str(), &handle);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> session(handle, sqlite3_close);
  sqlite3_busy_timeout(handle, 5'000);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(handle));
  const long long value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  return value;
}

}  // namespace

Database::Database(test::PostgresCluster* cluster, const std::filesystem::path& folder) {
  if (cluster != nullptr)
    connection_ = cluster->create_database();
  else
    file_ = folder / "bench.sqlite";
  std::filesystem::remove(file_);
  std::filesystem::remove(file_ + "-wal");
}

stores::Stores Database::open(const Clock& clock) const {
  configuration::Configuration configuration = configuration::load("", {}, {}).configuration;
  configuration.store_engine =
      connection_.empty() ? configuration::StoreEngine::sqlite : configuration::StoreEngine::postgres;
  configuration.postgres_connection = connection_;
  configuration.sqlite_path = file_;
  return stores::open(configuration, clock);
}

std::vector<std::string> Database::settings() const {
  if (connection_.empty()) return {"store.engine=sqlite", "store.sqlite_path=" + file_};
  return {"store.engine=postgres", "store.postgres_connection=" + connection_};
}

double Database::wal_bytes() const {
  if (connection_.empty()) return 0;
  return std::stod(query_postgres(connection_, "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"));
}

long long Database::outbox_rows() const {
  constexpr const char* sql = "select count(*) from (select 1 from integration_outbox limit 1) live";
  return connection_.empty() ? query_sqlite(file_, sql) : std::stoll(query_postgres(connection_, sql));
}

void Database::settle_down() const {
  if (connection_.empty()) {
    query_sqlite(file_, "pragma wal_checkpoint(truncate)");
  } else {
    query_postgres(connection_, "vacuum analyze");
    query_postgres(connection_, "checkpoint");
  }
}

}  // namespace opi::bench
