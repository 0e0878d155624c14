#include "postgres/postgres_write_probe.hpp"

#include <algorithm>

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
    // A marker is written in a read-only transaction, too.
    if (connection_.script("SHOW transaction_read_only", "look for read-only").text(0, 0) != "off")
      throw StoreUnavailable("postgresql: the server is told to be read-only");
    transaction.commit();
  } catch (const CommitInDoubt& doubt) {
    throw StoreUnavailable(doubt.what());
  }
}

std::optional<delivery::Ballast> PostgresWriteProbe::weigh() {
  connection_.ensure_open();
  auto ballast = postgres::weigh(connection_);
  ballast.oldest_snapshot = std::max(ballast.oldest_snapshot, kept_elsewhere_.for_how_long(connection_));
  return ballast;
}

}  // namespace opi::postgres
