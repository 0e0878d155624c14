#pragma once
#include "delivery/operation.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresOperationStore final : public delivery::OperationStore {
 public:
  explicit PostgresOperationStore(PostgresDatabase& database) : database_(database) {}
  delivery::StartResult start(const delivery::Operation& operation, const audit::Entry& entry) override;
  std::optional<delivery::Operation> find(const TenantId& tenant, const delivery::OperationId& id) override;
  std::vector<delivery::Operation> list(const TenantId& tenant, const std::optional<delivery::OperationId>& before,
                                        int limit) override;
  std::vector<delivery::Operation> running(int limit) override;
  bool advance(const delivery::Operation& operation) override;
  bool cancel(const TenantId& tenant, const delivery::OperationId& id, const audit::Entry& entry) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
