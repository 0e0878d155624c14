#pragma once
#include "delivery/fleet_store.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresFleetStore final : public delivery::FleetStore {
 public:
  explicit PostgresFleetStore(PostgresDatabase& database) : database_(database) {}

  delivery::FleetSnapshot beat(const Terms& terms) override;
  void leave(const std::string& daemon_id) override;
  Roll roll() override;
  void remember(std::span<const delivery::DestinationMemory> destinations, const std::string& daemon_id) override;
  std::vector<delivery::DestinationMemory> recall(std::span<const DestinationId> destinations,
                                                  const std::string& daemon_id) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
