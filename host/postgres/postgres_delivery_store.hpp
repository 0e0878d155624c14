#pragma once
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "delivery/delivery_store.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "postgres/postgres_database.hpp"
#include "postgres/subject_order.hpp"

namespace opi::postgres {

// How much one call of take_over_expired() and wake_stranded() looks at.
struct RescueLimits {
  int leases_at_once = 1'000;       // rows of integration_leases a statement, of up to fifty deliveries each
  int deliveries_a_call = 200'000;  // after that many deliveries of leases that have run out, the next call goes on
  int blocks_a_page = 1'000;        // of the outbox, for leases that stand nowhere
  int pages_at_start = 32;          // until the outbox was looked through once; then one page a call
  int subjects_at_once = 2'000;
};

// The outbox on PostgreSQL. Locks rows in the order of (tenant, id), so that two batches cannot wait for each
// other in a circle; a deadlock found all the same is StoreUnavailable like any rollback by the server.
class PostgresDeliveryStore final : public delivery::DeliveryStore {
 public:
  // `clock` measures Claim::Data::leased_until, from before a claim is sent.
  PostgresDeliveryStore(PostgresDatabase& database, const Clock& clock, const RescueLimits& rescue = {})
      : database_(database), clock_(clock), rescue_(rescue) {}

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t catalog_revision) override;
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override;
  void announce(std::span<const DestinationId> destinations) override;

  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests,
                                     const delivery::ClaimTerms& terms) override;
  void release(std::span<const delivery::Claim> claims) override;
  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon_id,
                                                 std::chrono::milliseconds lease) override;
  int wake_stranded() override;
  std::vector<delivery::DueDestination> due_destinations(std::span<const delivery::DueSearch> searches) override;

  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override;

 private:
  using Expired = std::vector<std::pair<std::string, DeliveryId>>;  // with their tenants
  Expired expired_leases(Connection& connection, int limit);
  void unwritten_leases(Connection& connection, int limit, Expired& expired);
  std::vector<delivery::Claim> take_over(Connection& connection, const Expired& expired, const std::string& daemon_id,
                                         std::chrono::milliseconds lease);
  OrderedSubject subject_cursor();
  void move_subject_cursor(OrderedSubject to);

  PostgresDatabase& database_;
  const Clock& clock_;
  const RescueLimits rescue_;
  // Where the rounds through leases, the outbox and its subjects stand.
  std::atomic<delivery::DueTime> leases_from_{delivery::due_since_ever};
  std::atomic<std::int64_t> next_block_{0};
  std::atomic<bool> looked_through_{false};
  Mutex mutex_;
  OrderedSubject looked_at_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::postgres
