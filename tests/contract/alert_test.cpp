#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::DestinationTrouble;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class AlertContract : public StoreContract {
 protected:
  // The manual clock tells the store's time.
  AlertContract() {
    engine->clock.jump(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                       engine->clock.unix_now());
    engine->catalog().put_tenant({acme, "acme", {}}, entry(acme));
  }
  UnixTime now() { return engine->clock.unix_now(); }

  DestinationId given_destination() {
    Destination d;
    d.tenant_id = acme;
    d.id = new_destination();
    d.adapter = "webhook";
    d.config = "{}";
    engine->catalog().put_destination(d, entry(acme));
    return d.id;
  }
  std::optional<DestinationTrouble> trouble_of(const DestinationId& id, std::int64_t parked_at_most = 100) {
    for (const auto& one : engine->alerts().troubles(acme, now() - 24h, parked_at_most))
      if (one.destination == id) return one;
    return std::nullopt;
  }
  // The rollup's rows of this destination now stand so much earlier.
  void make_older(const DestinationId& id, std::chrono::minutes by) {
    const auto hex = id.to_string();
    std::string blob = hex;
    std::erase(blob, '-');
    if (engine->scalar("SELECT count(*) FROM integration_delivery_rollup") == "0") FAIL() << "nothing was settled";
    if (is_postgres())
      engine->execute("UPDATE integration_delivery_rollup SET bucket_start = bucket_start - interval '" +
                      std::to_string(by.count()) + " minutes' WHERE destination_id = '" + hex + "'");
    else
      engine->execute("UPDATE integration_delivery_rollup SET bucket_start_ms = bucket_start_ms - " +
                      std::to_string(std::chrono::milliseconds{by}.count()) + " WHERE destination_id = x'" + blob +
                      "'");
  }
  [[nodiscard]] static bool is_postgres() { return std::string_view{GetParam().name} == "postgres"; }

  Alert alert(const DestinationId& destination, AlertKind kind = AlertKind::destination_failing) {
    Alert one;
    one.id = new_uuid();
    one.tenant = acme;
    one.destination = destination;
    one.kind = kind;
    one.detail = "3 attempts in a row have failed";
    one.since = now() - 20min;
    one.raised_at = now();
    one.owed = Alert::Owed::raised;
    return one;
  }
  void raise(const Alert& one) { engine->alerts().raise({&one, 1}); }
  void update(const Alert& one) { engine->alerts().update({&one, 1}); }
  std::vector<Uuid> ids(const std::vector<Alert>& alerts) {
    std::vector<Uuid> list;
    for (const auto& one : alerts) list.push_back(one.id);
    return list;
  }
};

TEST_P(AlertContract, ADestinationWithoutTroubleIsNotTold) {
  const auto destination = given_destination();
  given_pending(destination, 2);
  settle(success(claim_one(destination)));
  EXPECT_THAT(engine->alerts().troubles(acme, now() - 24h, 100), IsEmpty()) << "what waits is no trouble";
}

TEST_P(AlertContract, FailuresAreCountedSinceTheLastSuccess) {
  const auto destination = given_destination();
  given_pending(destination, 6);
  settle(success(claim_one(destination)));
  settle(retry(claim_one(destination)));
  EXPECT_FALSE(trouble_of(destination)) << "something was delivered in the same step";
  make_older(destination, 30min);
  EXPECT_FALSE(trouble_of(destination)) << "and nothing has failed since";

  settle(retry(claim_one(destination)));
  settle(dead_letter(claim_one(destination)));
  settle(settlement(claim_one(destination), DeliveryState::failed, AttemptResult::terminal));
  auto trouble = trouble_of(destination);
  ASSERT_TRUE(trouble && trouble->streak);
  EXPECT_EQ(trouble->streak->failures, 3);
  EXPECT_EQ(trouble->streak->http_status, 400);
  EXPECT_EQ(trouble->streak->since.time_since_epoch() % 5min, 0ms);
  EXPECT_LE(trouble->streak->since, trouble->streak->last);
  EXPECT_EQ(trouble->parked, 1);

  make_older(destination, 10min);
  settle(retry(claim_one(destination)));
  trouble = trouble_of(destination);
  ASSERT_TRUE(trouble && trouble->streak);
  EXPECT_EQ(trouble->streak->failures, 4) << "of several steps";
  EXPECT_GE(trouble->streak->last - trouble->streak->since, 10min);
  EXPECT_FALSE(engine->alerts().troubles(acme, now() + 1h, 100).front().streak) << "older ones are not looked at";
  EXPECT_THAT(engine->alerts().troubles(globex, now() - 24h, 100), IsEmpty());

  given_pending(destination, 1, 100);
  for (auto& one : claim(destination)) settle(success(std::move(one)));
  trouble = trouble_of(destination);
  ASSERT_TRUE(trouble);
  EXPECT_FALSE(trouble->streak) << "a success ends it";
}

TEST_P(AlertContract, DeadLettersAreCountedUpToWhatWasAskedFor) {
  const auto destination = given_destination();
  given_pending(destination, 3);
  for (auto& one : claim(destination)) settle(dead_letter(std::move(one)));
  EXPECT_EQ(trouble_of(destination, 100)->parked, 3);
  EXPECT_EQ(trouble_of(destination, 2)->parked, 2);
}

TEST_P(AlertContract, WhatHoldsADestinationIsTold) {
  const auto destination = given_destination();
  const auto since = now() - 1h;
  delivery::DestinationMemory memory;
  memory.destination = destination;
  memory.probe_in = 60s;
  memory.tripped_since = since;
  engine->fleet().remember({&memory, 1}, "daemon-1");
  ASSERT_TRUE(trouble_of(destination));
  EXPECT_EQ(trouble_of(destination)->hold->cause, HoldCause::breaker_open);
  EXPECT_EQ(trouble_of(destination)->hold->since, since);

  memory.hold = found_hold(HoldCause::adapter_missing, "no plugin offers it", since + 1min);
  engine->fleet().remember({&memory, 1}, "daemon-1");
  EXPECT_EQ(trouble_of(destination)->hold, memory.hold) << "goes before the breaker";

  memory = {};
  memory.destination = destination;
  memory.pause = 1h;
  memory.paused_since = since;
  engine->fleet().remember({&memory, 1}, "daemon-1");
  EXPECT_EQ(trouble_of(destination)->hold->cause, HoldCause::paused_by_receiver);
}

TEST_P(AlertContract, OneAlertACauseIsActive) {
  const auto destination = given_destination();
  const auto first = alert(destination), second = alert(destination);
  raise(first);
  raise(first);   // again after a lost answer
  raise(second);  // of another daemon that led until just now
  EXPECT_THAT(engine->alerts().known(acme, now()), ElementsAre(first));
  const auto other = alert(destination, AlertKind::dead_letters_parked);
  raise(other);
  EXPECT_THAT(ids(engine->alerts().known(acme, now())), testing::UnorderedElementsAre(first.id, other.id));
  EXPECT_THAT(engine->alerts().known(globex, now()), IsEmpty());
}

TEST_P(AlertContract, AnAlertGoesItsWayAndIsRemovedWhenItIsOld) {
  const auto destination = given_destination();
  auto one = alert(destination);
  raise(one);
  one.owed = Alert::Owed::nothing;
  one.recipients = 2;
  one.gone_since = now();
  one.since = now() - 1min;
  update(one);
  EXPECT_THAT(engine->alerts().known(acme, now() + 1h), ElementsAre(one)) << "active";
  one.cleared_at = now() + 5min;
  one.owed = Alert::Owed::cleared;
  update(one);
  EXPECT_THAT(engine->alerts().known(acme, now() + 1h), ElementsAre(one)) << "its all-clear is owed";
  one.owed = Alert::Owed::nothing;
  update(one);
  EXPECT_THAT(engine->alerts().known(acme, now() + 1h), IsEmpty());
  EXPECT_THAT(engine->alerts().known(acme, one.raised_at), ElementsAre(one)) << "raised not long ago";
  auto late = one;  // of a daemon that does not know
  late.cleared_at.reset();
  update(late);
  EXPECT_EQ(engine->alerts().list(acme, std::nullopt, 10).front().cleared_at, one.cleared_at) << "stays cleared";

  raise(alert(destination));
  EXPECT_EQ(engine->alerts().remove_cleared(acme, *one.cleared_at, 10), 0);
  EXPECT_EQ(engine->alerts().remove_cleared(globex, now() + 1h, 10), 0);
  EXPECT_EQ(engine->alerts().remove_cleared(acme, *one.cleared_at + 1ms, 10), 1);
  EXPECT_EQ(rows("integration_alerts"), 1) << "the active one stays";
}

TEST_P(AlertContract, TheListHasTheActiveOnesFirst) {
  std::vector<Alert> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(alert(given_destination()));
    all.back().raised_at = now() + std::chrono::minutes{i};
    raise(all.back());
  }
  for (const int i : {3, 1}) {
    all[static_cast<std::size_t>(i)].cleared_at = now() + std::chrono::minutes{10 + i};
    update(all[static_cast<std::size_t>(i)]);
  }
  auto& store = engine->alerts();
  EXPECT_THAT(ids(store.list(acme, std::nullopt, 10)), ElementsAre(all[2].id, all[0].id, all[3].id, all[1].id));
  EXPECT_THAT(ids(store.list(acme, std::nullopt, 3)), ElementsAre(all[2].id, all[0].id, all[3].id));
  EXPECT_THAT(ids(store.list(acme, true, 10)), ElementsAre(all[2].id, all[0].id));
  EXPECT_THAT(ids(store.list(acme, false, 1)), ElementsAre(all[3].id));
  EXPECT_THAT(store.list(globex, std::nullopt, 10), IsEmpty());
}

TEST_P(AlertContract, ATenantsRulesAreKept) {
  Tenant tenant{acme, "acme", {}};
  tenant.alert_rules.values[0] = 30;
  tenant.alert_rules.values[2] = 0;
  EXPECT_TRUE(engine->catalog().put_tenant(tenant, entry(acme)));
  const auto stored = engine->catalog().load().tenants.at(acme);
  EXPECT_EQ(stored.alert_rules, tenant.alert_rules);
  EXPECT_EQ(stored.alert_rules.applied_to({}).failing_minutes, 30);
  EXPECT_FALSE(engine->catalog().put_tenant(tenant, entry(acme))) << "unchanged";
  engine->execute(
      R"(UPDATE tenants SET alert_rules = '{"failing_minutes":1,"of_a_newer_version":1,"dead_letters":7}')");
  const auto read = engine->catalog().load().tenants.at(acme).alert_rules.applied_to({});
  EXPECT_EQ(read.failing_minutes, AlertRules{}.failing_minutes) << "no value that this version allows";
  EXPECT_EQ(read.dead_letters, 7);
}

INSTANTIATE_TEST_SUITE_P(Stores, AlertContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
