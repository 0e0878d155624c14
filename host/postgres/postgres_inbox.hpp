#pragma once
#include "delivery/inbox.hpp"
#include "postgres/postgres_database.hpp"

namespace opi::postgres {

class PostgresInbox final : public delivery::Inbox {
 public:
  explicit PostgresInbox(PostgresDatabase& database) : database_(database) {}
  int drain(int limit, const Take& take) override;

 private:
  PostgresDatabase& database_;
};

}  // namespace opi::postgres
