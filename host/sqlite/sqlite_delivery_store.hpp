#pragma once
#include "delivery/delivery_store.hpp"
#include "domain/clock.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

// The outbox on SQLite. The clock of the embedded database is the daemon's own. announce() does nothing:
// there is no other daemon.
class SqliteDeliveryStore final : public delivery::DeliveryStore {
 public:
  SqliteDeliveryStore(SqliteDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}

  delivery::InsertReport insert(std::span<const delivery::NewEvent> events, std::int64_t catalog_revision) override;
  std::vector<bool> stored(std::span<const delivery::NewEvent> events) override;
  void announce() override {}

  std::vector<delivery::Claim> claim(std::span<const delivery::ClaimRequest> requests, const std::string& daemon_id,
                                     std::chrono::milliseconds lease) override;
  void release(std::span<const delivery::Claim> claims) override;
  std::vector<delivery::Claim> take_over_expired(int limit, const std::string& daemon_id,
                                                 std::chrono::milliseconds lease) override;
  int wake_stranded() override;
  std::vector<delivery::DueDestination> due_destinations() override;

  std::vector<delivery::SettleResult> settle(std::span<const delivery::Settlement> settlements) override;

 private:
  SqliteDatabase& database_;
  const Clock& clock_;
};

}  // namespace opi::sqlite
