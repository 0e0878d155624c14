#pragma once
#include "delivery/alert_store.hpp"
#include "sqlite/sqlite_database.hpp"

namespace opi::sqlite {

class SqliteAlertStore final : public delivery::AlertStore {
 public:
  // `clock` tells which pauses are over.
  SqliteAlertStore(SqliteDatabase& database, const Clock& clock) : database_(database), clock_(clock) {}
  std::vector<delivery::DestinationTrouble> troubles(const TenantId& tenant, UnixTime from,
                                                     std::int64_t parked_at_most) override;
  std::vector<Alert> known(const TenantId& tenant, UnixTime raised_since) override;
  void raise(std::span<const Alert> alerts) override;
  void update(std::span<const Alert> alerts) override;
  std::vector<Alert> list(const TenantId& tenant, std::optional<bool> active, int limit) override;
  std::int64_t remove_cleared(const TenantId& tenant, UnixTime cleared_before, int limit) override;

 private:
  SqliteDatabase& database_;
  const Clock& clock_;
};

}  // namespace opi::sqlite
