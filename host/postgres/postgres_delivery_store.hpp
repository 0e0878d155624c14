#pragma once
#include "delivery/delivery_store.hpp"
#include "domain/clock.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

// The outbox on PostgreSQL. Locks rows in the order of (tenant, id), so that two batches cannot wait for each
// other in a circle; a deadlock found all the same is StoreUnavailable like any rollback by the server.
class PostgresDeliveryStore final : public delivery::DeliveryStore {
 public:
  // `clock` measures Claim::Data::leased_until, from before a claim is sent.
  PostgresDeliveryStore(PostgresDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t catalog_revision) override;
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override;
  void announce() override;

  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests, const std::string& daemon_id,
                                     std::chrono::milliseconds lease) override;
  void release(std::span<const delivery::Claim> claims) override;
  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon_id,
                                                 std::chrono::milliseconds lease) override;
  int wake_stranded() override;
  std::vector<delivery::DueDestination> due_destinations() override;

  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override;

 private:
  PostgresDatabase& database_;
  const Clock& clock_;
};

}  // namespace opi::postgres
