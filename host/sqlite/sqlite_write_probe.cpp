#include "sqlite/sqlite_write_probe.hpp"

#include "domain/store_errors.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

// The page is written although nothing in it changes.
constexpr const char* rewrite = "UPDATE integration_catalog_revision SET revision = revision";

}  // namespace

void SqliteWriteProbe::prove_write() {
  try {
    auto session = database_.writer();
    Transaction transaction{*session};
    session->script(rewrite, "write a marker");
    transaction.commit();
  } catch (const CommitInDoubt& doubt) {
    throw StoreUnavailable(doubt.what());
  }
}

}  // namespace opi::sqlite
