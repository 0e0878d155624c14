#include "delivery/retention.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sqlite/sqlite_retention_store.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

class RetentionRounds : public test::WithEngine {
 protected:
  void deliver(const std::string& id, int status, const std::string& tenant = "acme") {
    engine().intake.submit({test::event(id, "1", tenant)});
    clock.advance(1ms);
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
  Retention& retention() {
    if (!retention_)
      retention_ =
          std::make_unique<Retention>(store_, engine().catalog, clock, engine().metrics, engine().logger, limits);
    return *retention_;
  }
  // The batches of one round.
  int round() {
    int batches = 0;
    for (;; ++batches)
      if (retention().run_once() == limits.interval) return batches;
  }

  sqlite::SqliteRetentionStore store_{database};
  Retention::Options limits;
  std::unique_ptr<Retention> retention_;
};

TEST_F(RetentionRounds, RemoveWhatIsOlderThanItsAgeAndNothingElse) {
  deliver("e-1", 200);
  clock.advance(20 * 24h);
  deliver("e-2", 200);
  deliver("e-3", 400);
  clock.advance(10 * 24h - 1h);
  round();
  EXPECT_EQ(deliveries().size(), 3u);
  clock.advance(2h);
  round();
  EXPECT_EQ(deliveries().size(), 2u) << "e-1 is older than 30 days";
  clock.advance(1000 * 24h);
  round();
  EXPECT_EQ(only_delivery().state, DeliveryState::dead_lettered);
  EXPECT_GT(audit_log.read(*TenantId::parse("acme"), 0, 100).size(), 3u);
}

TEST_F(RetentionRounds, ATenantHasItsOwnAges) {
  put_tenant("globex");
  put(test::destination(2, "globex"));
  catalog_store.put_tenant(
      {.id = *TenantId::parse("acme"), .name = "acme", .retention = {.delivered = std::chrono::days{2}}},
      test::catalog_entry("acme", audit::Action::tenant_changed, "tenant:acme"));
  deliver("e-1", 200);
  deliver("e-2", 200, "globex");
  clock.advance(3 * 24h);
  engine().catalog.refresh();
  round();
  EXPECT_EQ(deliveries().size(), 0u);
  EXPECT_EQ(deliveries("globex").size(), 1u);
}

TEST_F(RetentionRounds, AreCutIntoBatchesWithPauses) {
  limits.batch = 2;
  for (int i = 0; i < 5; ++i) deliver("e-" + std::to_string(i), 200);
  clock.advance(31 * 24h);
  EXPECT_EQ(retention().run_once(), limits.pause);
  EXPECT_EQ(deliveries().size(), 3u);
  EXPECT_EQ(retention().run_once(), limits.pause);
  EXPECT_EQ(deliveries().size(), 1u);
  round();
  EXPECT_EQ(deliveries().size(), 0u);
  const auto logged = engine().logger.events();
  EXPECT_EQ(std::ranges::count(logged, "retention.removed"), 1);
}

}  // namespace
}  // namespace opi::delivery
