#pragma once
#include <optional>

#include "delivery/fleet_store.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

// A SQLite database serves one daemon: whoever beats is the fleet. What it remembers of destinations stands in the
// database, so that a restart keeps to it.
class SqliteFleetStore final : public delivery::FleetStore {
 public:
  SqliteFleetStore(SqliteDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}

  delivery::FleetSnapshot beat(const Terms& terms) override;
  void leave(const std::string& daemon_id) override;
  Roll roll() override { return {}; }
  void remember(std::span<const delivery::DestinationMemory> destinations, const std::string& daemon_id) override;
  std::vector<delivery::DestinationMemory> recall(std::span<const DestinationId> destinations,
                                                  const std::string& daemon_id) override;

 private:
  struct Member {
    delivery::FleetSnapshot::Member who;
    delivery::DueTime alive_until;
  };

  SqliteDatabase& database_;
  const Clock& clock_;
  Mutex mutex_;
  std::optional<Member> member_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::sqlite
