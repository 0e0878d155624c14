#pragma once
#include "delivery/delivery_store.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "sqlite/sqlite_database.hpp"
#include "sqlite/subject_order.hpp"

namespace opi::sqlite {

// The outbox on SQLite. The clock of the embedded database is the daemon's own. announce() does nothing:
// there is no other daemon.
class SqliteDeliveryStore final : public delivery::DeliveryStore {
 public:
  // Of so many subjects one call of wake_stranded() looks at the first delivery.
  static constexpr int subjects_at_once = 2'000;

  SqliteDeliveryStore(SqliteDatabase& database, const Clock& clock, int subjects_a_call = subjects_at_once)
      : database_(database), clock_(clock), subjects_a_call_(subjects_a_call) {}

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t catalog_revision) override;
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override;
  void announce(std::span<const DestinationId>) override {}

  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests,
                                     const delivery::ClaimTerms& terms) override;
  void release(std::span<const delivery::Claim> claims) override;
  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon_id,
                                                 std::chrono::milliseconds lease) override;
  int wake_stranded() override;
  std::vector<delivery::DueDestination> due_destinations(std::span<const delivery::DueSearch> searches) override;

  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override;

 private:
  // Those of the next subjects whose first delivery waits for nobody.
  std::vector<OrderedSubject> stranded_subjects();

  SqliteDatabase& database_;
  const Clock& clock_;
  const int subjects_a_call_;
  Mutex mutex_;
  OrderedSubject looked_at_ OPI_GUARDED_BY(mutex_);  // where the round through the subjects stands
};

}  // namespace opi::sqlite
