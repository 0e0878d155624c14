#include "postgres/postgres_write_probe.hpp"

#include "domain/store_errors.hpp"
#include "postgres/durable.hpp"
#include "postgres/postgres_database.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {

PostgresWriteProbe::PostgresWriteProbe(const PostgresOptions& options)
    : connection_(plain_settings(options, options.statement_timeout)) {}

void PostgresWriteProbe::prove_write() {
  connection_.ensure_open();
  try {
    Transaction transaction{connection_};
    connection_.script(write_marker, "write a marker");
    transaction.commit();
  } catch (const CommitInDoubt& doubt) {
    throw StoreUnavailable(doubt.what());
  }
}

}  // namespace opi::postgres
