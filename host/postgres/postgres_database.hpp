#pragma once
#include "domain/ids.hpp"
#include "postgres/options.hpp"
#include "postgres/session_pool.hpp"

namespace opi::postgres {

// The sessions that all stores of one daemon share, by purpose, so that intake, claims and settlements do not
// wait for each other. Connects when first used. Thread-safe; outlives the stores made from it.
class PostgresDatabase final {
 public:
  // Throws std::invalid_argument for a connection string that cannot be used; its text repeats no value.
  explicit PostgresDatabase(const PostgresOptions& options);

  // Brings the schema up to this program's, in one transaction under a lock: of several daemons
  // that start at once, one migrates. Throws SchemaRefused, StoreUnavailable.
  void migrate();

  SessionPool& intake() { return intake_; }
  SessionPool& claim() { return claim_; }
  SessionPool& settle() { return settle_; }
  SessionPool& look() { return look_; }  // who has something due: nothing of the others waits for that
  SessionPool& general() { return general_; }

  // A session that sees and changes the rows of one tenant alone: row-level security holds it to that. The empty id is
  // the installation itself.
  // Throws StoreUnavailable.
  SessionPool::Lease tenant(const TenantId& tenant);

 private:
  PostgresOptions options_;
  SessionPool intake_, claim_, settle_, look_, general_, tenants_;
};

// One connection of its own, for PostgresWorkListener and migrations.
ConnectionSettings plain_settings(const PostgresOptions& options, std::chrono::milliseconds statement_timeout);

}  // namespace opi::postgres
