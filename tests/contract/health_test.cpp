#include <map>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class HealthContract : public StoreContract {
 protected:
  // The manual clock tells the store's time, so that one window serves both engines.
  HealthContract() {
    engine->clock.jump(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                       engine->clock.unix_now());
  }
  delivery::DeliveryHealth health(const TenantId& tenant) {
    const auto now = engine->clock.unix_now();
    return engine->health().health(tenant, now - 1h, now + 1h, 5min);
  }
  delivery::DestinationHealth at(const DestinationId& destination) {
    for (const auto& one : health(acme).destinations)
      if (one.destination == destination) return one;
    return {};
  }
};

TEST_P(HealthContract, SettlementsAreSummedUpByDestination) {
  const auto a = new_destination(), b = new_destination();
  given_pending(a, 8);
  given_pending(b, 1, 100);
  auto claims = claim(a, 7);
  std::vector<delivery::Settlement> batch;
  for (std::size_t i = 0; i < 3; ++i) batch.push_back(success(std::move(claims[i])));
  batch.push_back(retry(std::move(claims[3])));
  engine->store().settle(batch);
  engine->store().settle(batch);  // submitted again: counted once
  settle(settlement(std::move(claims[4]), DeliveryState::failed, AttemptResult::terminal));
  settle(dead_letter(std::move(claims[5])));

  const auto one = at(a);
  EXPECT_EQ(one.settled.delivered, 3);
  EXPECT_EQ(one.settled.failed, 1);
  EXPECT_EQ(one.settled.dead_lettered, 1);
  EXPECT_EQ(one.settled.retried, 1);
  EXPECT_EQ(one.pending, 1);
  EXPECT_EQ(one.delivering, 1);
  EXPECT_EQ(one.retry_scheduled, 1);
  ASSERT_TRUE(one.last.has_value());
  EXPECT_EQ(one.last->state, DeliveryState::dead_lettered);
  EXPECT_EQ(one.last->http_status, 400);
  EXPECT_GE(one.settled.latency_max.count(), 0);
  EXPECT_LE(one.settled.latency_max, one.settled.latency_sum);
  EXPECT_EQ(at(b).pending, 1);
  EXPECT_FALSE(at(b).last.has_value());
  EXPECT_THAT(health(globex).destinations, IsEmpty());
  EXPECT_THAT(health(globex).series, IsEmpty());
}

TEST_P(HealthContract, DestinationsOfTheCatalogAreToldWithTheirParkedDeadLetters) {
  Destination d;
  d.tenant_id = acme;
  d.id = new_destination();
  d.adapter = "webhook";
  d.config = "{}";
  engine->catalog().put_tenant({acme, "acme", {}}, entry(acme));
  engine->catalog().put_destination(d, entry(acme));
  EXPECT_EQ(at(d.id).destination, d.id) << "also before its first delivery";
  given_pending(d.id, 2);
  for (auto& one : claim(d.id)) settle(dead_letter(std::move(one)));
  EXPECT_EQ(at(d.id).parked, 2);
  const auto parked = engine->dead_letters().find(acme, {}, {}, 1);
  engine->dead_letters().discard(acme, parked, "x", entry(acme, audit::Action::dead_letter_discarded));
  EXPECT_EQ(at(d.id).parked, 1);
  EXPECT_EQ(at(d.id).settled.dead_lettered, 2) << "what settlements came to stays";
}

TEST_P(HealthContract, TheSeriesIsInBucketsAndTheWindowIsKept) {
  const auto destination = new_destination();
  given_pending(destination, 3);
  for (auto& one : claim(destination)) settle(success(std::move(one)));
  const auto now = engine->clock.unix_now();
  const auto series = health(acme).series;
  ASSERT_FALSE(series.empty());
  std::int64_t delivered = 0;
  for (const auto& bucket : series) {
    EXPECT_EQ(bucket.start.time_since_epoch() % 5min, 0ms);
    delivered += bucket.settled.delivered;
  }
  EXPECT_EQ(delivered, 3);
  const auto days = engine->health().health(acme, now - 48h, now + 1h, 24h).series;
  for (const auto& bucket : days) EXPECT_EQ(bucket.start.time_since_epoch() % 24h, 0ms);
  EXPECT_THAT(engine->health().health(acme, now - 48h, now - 24h, 5min).series, IsEmpty());
  EXPECT_THAT(engine->health().health(acme, now + 1h, now + 2h, 5min).series, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, HealthContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
