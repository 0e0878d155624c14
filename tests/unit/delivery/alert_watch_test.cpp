#include "delivery/alert_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "delivery/alert_event.hpp"
#include "sqlite/sqlite_alert_store.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Alerting : public test::WithEngine {
 protected:
  // 1 is what gets into trouble; 2 hears of it.
  Alerting() {
    put(subscriber(1, {"alert.*"}));
    put(subscriber(2, {"integration.alert.*"}));
    set_rules([](AlertRules& rules) { rules.failing_attempts = 3; });
  }
  static Destination subscriber(int n, std::vector<std::string> subscriptions) {
    auto d = test::destination(n);
    d.subscriptions = std::move(subscriptions);
    return d;
  }
  void set_rules(const std::function<void(AlertRules&)>& change) {
    AlertRules rules;
    change(rules);
    Tenant tenant{*TenantId::parse("acme"), "acme", {}};
    for (std::size_t i = 0; i < alert_rules.size(); ++i)
      tenant.alert_rules.values.at(i) = rules.*alert_rules.at(i).value;
    catalog_store.put_tenant(tenant, test::catalog_entry("acme", audit::Action::alert_rules_changed, "tenant:acme"));
    engine().catalog.refresh();
  }
  // As after a start: whatever it knows stands in the store.
  std::unique_ptr<AlertWatch> new_watch() {
    auto& e = engine();
    return std::make_unique<AlertWatch>(alerts_, catalog_store, e.catalog, e.intake, e.instruments,
                                        AlertWatch::Options{.daemon_id = "daemon-1"});
  }
  void round() {
    if (!watch_) watch_ = new_watch();
    while (watch_->run_once() != AlertWatch::Options{}.interval) {
    }
  }
  // Rounds for so long.
  void wait(std::chrono::minutes time) {
    for (auto passed = 0min; passed < time; passed += 1min) {
      clock.advance(1min);
      round();
    }
  }
  // Attempts at 1 that are answered so; each is its last.
  void attempts(int count, int status) {
    for (int i = 0; i < count; ++i) {
      engine().intake.submit({test::event("e-" + std::to_string(++published_))});
      dispatch();
      while (!transport.under_way.empty()) transport.answer(status);
      engine().settler.run_once();
    }
  }
  // A step of the sums that ends what was before.
  void next_step() { clock.advance(5min); }
  std::vector<Alert> alerts(std::optional<bool> active = std::nullopt) { return alerts_.list(acme_, active, 100); }
  // The types of what 2 was sent, oldest first.
  std::vector<std::string> told(int n = 2) {
    std::vector<std::string> types;
    for (const auto& one : query.list(acme_, {.destinations = {test::destination_id(n)}}))
      if (one.event_type.starts_with("integration.")) types.push_back(one.event_type);
    std::ranges::reverse(types);
    return types;
  }
  double active(AlertKind kind) { return engine().metrics.alerts_active(to_string(kind)).Value(); }

  static inline const std::vector<std::string> raised{std::string(alert_raised_type)};
  static inline const std::vector<std::string> and_cleared{std::string(alert_raised_type),
                                                           std::string(alert_cleared_type)};
  const TenantId acme_ = *TenantId::parse("acme");
  sqlite::SqliteAlertStore alerts_{database, clock};
  std::unique_ptr<AlertWatch> watch_;
  int published_ = 0;
};

TEST_F(Alerting, OneAlertWhenAttemptsFailAndAnAllClearWhenTheySucceed) {
  attempts(2, 500);
  round();
  EXPECT_TRUE(alerts().empty());
  attempts(1, 500);
  round();
  ASSERT_EQ(alerts().size(), 1u);
  const auto alert = alerts().front();
  EXPECT_EQ(alert.kind, AlertKind::destination_failing);
  EXPECT_EQ(alert.destination, test::destination_id(1));
  EXPECT_EQ(alert.detail, "3 attempts in a row have failed; the last was answered 500");
  EXPECT_EQ(alert.recipients, 1);
  EXPECT_EQ(told(), raised);
  EXPECT_EQ(active(AlertKind::destination_failing), 1);

  attempts(5, 500);
  wait(30min);
  EXPECT_EQ(told(), raised) << "told once";

  attempts(1, 200);
  round();
  wait(4min);
  EXPECT_EQ(told(), raised) << "not yet sure";
  wait(1min);
  EXPECT_EQ(told(), and_cleared);
  EXPECT_TRUE(alerts().front().cleared_at);
  EXPECT_EQ(active(AlertKind::destination_failing), 0);
}

TEST_F(Alerting, AReceiverThatWaversIsOneAlert) {
  attempts(3, 500);
  round();
  for (int i = 0; i < 5; ++i) {
    attempts(1, 200);
    wait(3min);
    next_step();
    attempts(1, 500);
    round();
  }
  EXPECT_EQ(told(), raised);
}

TEST_F(Alerting, TheNextAlertOfTheSameCauseWaitsForTheInterval) {
  attempts(3, 500);
  round();
  attempts(1, 200);
  wait(6min);
  EXPECT_EQ(told(), and_cleared);
  next_step();
  attempts(3, 500);
  wait(40min);
  EXPECT_EQ(told(), and_cleared);
  wait(10min);
  EXPECT_EQ(told().size(), 3u) << "an hour after the first";
}

TEST_F(Alerting, ADestinationHearsNothingOfItself) {
  put(subscriber(1, {"alert.*", "integration.alert.*"}));
  engine().catalog.refresh();
  attempts(3, 500);
  round();
  EXPECT_TRUE(told(1).empty());
  EXPECT_EQ(told(2), raised);
  put(subscriber(2, {"alert.nothing"}));
  engine().catalog.refresh();
  attempts(1, 200);
  wait(6min);
  EXPECT_TRUE(told(1).empty());
  EXPECT_EQ(alerts().front().recipients, 0) << "it can be seen that nobody was told";
}

TEST_F(Alerting, WhoeverWantsEverythingDoesNotWantAlerts) {
  put(subscriber(3, {"*"}));
  engine().catalog.refresh();
  attempts(3, 500);
  round();
  EXPECT_TRUE(told(3).empty());
}

TEST_F(Alerting, BothEventsAreAboutTheAlertAndSayWhatToDo) {
  attempts(3, 503);
  round();
  const auto alert = alerts().front();
  const auto deliveries = query.list(acme_, {.destinations = {test::destination_id(2)}});
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries.front().alert_id, alert.id.to_string());
  const auto event = alert_event(alert, alert_raised_type, "SIEM", clock.unix_now());
  const auto cleared = alert_event(alert, alert_cleared_type, "SIEM", clock.unix_now() + 1h);
  EXPECT_EQ(event.event.alert_id, cleared.event.alert_id) << "the subject by which a ticket is found again";
  EXPECT_NE(event.event.event_id, cleared.event.event_id);
  const auto payload = boost::json::parse(event.event.payload).as_object();
  EXPECT_EQ(payload.at("title").as_string(), "Deliveries fail: SIEM");
  EXPECT_EQ(payload.at("kind").as_string(), "destination_failing");
  EXPECT_EQ(payload.at("destination_id").as_string(), test::destination_id(1).to_string());
  EXPECT_THAT(std::string(payload.at("description").as_string()), HasSubstr("answered 503"));
  EXPECT_FALSE(payload.at("remedy").as_string().empty());
  EXPECT_FALSE(payload.at("since").as_string().empty());
}

TEST_F(Alerting, ARefusedCredentialIsToldAsThatAndNotAsAFailure) {
  attempts(8, 401);
  wait(30min);
  ASSERT_EQ(alerts().size(), 1u) << "one alert a cause";
  EXPECT_EQ(alerts().front().kind, AlertKind::credential_refused);
}

TEST_F(Alerting, DeadLettersAreToldOnceAndClearedWhenHalfAreGone) {
  set_rules([](AlertRules& rules) {
    rules.failing_attempts = 0;
    rules.failing_minutes = 0;
    rules.dead_letters = 4;
  });
  attempts(3, 400);
  round();
  EXPECT_TRUE(alerts().empty());
  attempts(1, 400);
  round();
  ASSERT_EQ(alerts().size(), 1u);
  EXPECT_EQ(alerts().front().kind, AlertKind::dead_letters_parked);
  const auto discard = [&](int count) {
    auto session = database.writer();
    session->script(
        "DELETE FROM integration_deliveries WHERE delivery_id IN (SELECT delivery_id FROM "
        "integration_deliveries WHERE state = 'dead_lettered' LIMIT " +
            std::to_string(count) + ")",
        "discard");
  };
  discard(1);
  wait(10min);
  EXPECT_FALSE(alerts().front().cleared_at) << "three of four are there";
  discard(1);
  wait(10min);
  EXPECT_TRUE(alerts().front().cleared_at);
}

TEST_F(Alerting, AHoldIsToldWhenItLasts) {
  const auto hold = [&](std::optional<Hold> held) {
    DestinationMemory memory;
    memory.destination = test::destination_id(1);
    memory.hold = std::move(held);
    fleet_store.remember({&memory, 1}, "daemon-1");
  };
  hold(found_hold(HoldCause::adapter_missing, "no loaded plugin offers it", clock.unix_now()));
  wait(14min);
  EXPECT_TRUE(alerts().empty());
  wait(1min);
  ASSERT_EQ(alerts().size(), 1u);
  EXPECT_EQ(alerts().front().kind, AlertKind::destination_held);
  EXPECT_THAT(alerts().front().detail, HasSubstr("adapter_missing: no loaded plugin offers it"));
  hold(std::nullopt);
  wait(6min);
  EXPECT_TRUE(alerts().front().cleared_at);
  EXPECT_EQ(told(), and_cleared);
}

TEST_F(Alerting, ACredentialThatEndsSoonIsTold) {
  auto d = subscriber(1, {"alert.*"});
  d.credentials = {{"signing", 2, "mem://key", clock.unix_now() + 15 * 24h},
                   {"signing", 1, "mem://old", clock.unix_now() + 1h},
                   {"token", 2, "mem://token", std::nullopt},
                   {"token", 1, "mem://old-token", clock.unix_now() + 1h}};
  put(d);
  engine().catalog.refresh();
  round();
  EXPECT_TRUE(alerts().empty()) << "an older version may end";
  clock.advance(24h);
  round();
  ASSERT_EQ(alerts().size(), 1u);
  EXPECT_EQ(alerts().front().kind, AlertKind::credential_expiring);
  EXPECT_THAT(alerts().front().detail, HasSubstr("'signing'"));
}

TEST_F(Alerting, ARuleOfZeroIsOff) {
  set_rules([](AlertRules& rules) {
    for (const auto& rule : alert_rules)
      if (rule.may_be_off) rules.*rule.value = 0;
  });
  attempts(200, 400);
  wait(60min);
  EXPECT_TRUE(alerts().empty());
}

TEST_F(Alerting, AnotherDaemonGoesOnWhereTheFirstWasLeft) {
  attempts(3, 500);
  round();
  watch_->stand_by();
  EXPECT_EQ(active(AlertKind::destination_failing), 0) << "told by who leads";
  watch_ = new_watch();
  wait(90min);
  EXPECT_EQ(told(), raised);
  EXPECT_EQ(active(AlertKind::destination_failing), 1);
  attempts(1, 200);
  watch_ = new_watch();
  wait(6min);
  EXPECT_EQ(told(), and_cleared);
}

TEST_F(Alerting, AnEventThatCouldNotBeStoredIsToldLaterAndOnce) {
  attempts(3, 500);
  store.fail_next(test::StoreOperation::insert, test::StoreFault::unavailable);
  EXPECT_THROW(round(), StoreUnavailable);
  EXPECT_EQ(alerts().front().owed, Alert::Owed::raised);
  watch_ = new_watch();
  round();
  EXPECT_EQ(told(), raised);
  EXPECT_EQ(alerts().front().owed, Alert::Owed::nothing);
}

TEST_F(Alerting, ADeletedDestinationsAlertIsCleared) {
  attempts(3, 400);
  round();
  ASSERT_EQ(alerts(true).size(), 1u);
  catalog_store.delete_destination(acme_, test::destination_id(1), Expectation::anything(),
                                   test::catalog_entry("acme", audit::Action::destination_deleted, "destination:x"));
  engine().catalog.refresh();
  wait(7min);
  EXPECT_TRUE(alerts(true).empty());
  EXPECT_EQ(told(), and_cleared);
}

TEST_F(Alerting, FailuresOfDaysDisableADestinationADayAfterThatWasTold) {
  set_rules([](AlertRules& rules) {
    rules.failing_attempts = 3;
    rules.disable_after_days = 3;
  });
  attempts(3, 500);
  round();
  const auto kinds = [&](AlertKind kind) {
    return std::ranges::count_if(
        alerts(true), [&](const Alert& one) { return one.kind == kind && one.destination == test::destination_id(1); });
  };
  const auto half_a_day = [&] {
    clock.advance(12h);
    attempts(1, 500);
    round();
    round();
  };
  for (int i = 0; i < 3; ++i) half_a_day();
  EXPECT_EQ(kinds(AlertKind::destination_disabling), 0);
  half_a_day();
  EXPECT_EQ(kinds(AlertKind::destination_disabling), 1) << "after two of three days";
  half_a_day();
  EXPECT_TRUE(stored_destination(1)->enabled);
  half_a_day();
  EXPECT_FALSE(stored_destination(1)->enabled);
  EXPECT_THAT(stored_destination(1)->disabled_reason, testing::StartsWith(std::string(disabled_for_failing)));
  const auto last = audit_log.read(acme_, 0, 1000).back().entry;
  EXPECT_EQ(last.action, audit::Action::destination_disabled);
  EXPECT_EQ(last.actor_kind, audit::ActorKind::system);
  EXPECT_EQ(last.actor_id, "daemon-1");
  EXPECT_THAT(last.details, HasSubstr("announced_at"));
  EXPECT_EQ(kinds(AlertKind::destination_disabling), 1) << "until a person enables it";
}

TEST_F(Alerting, ASuccessInBetweenBeginsTheDaysAnew) {
  set_rules([](AlertRules& rules) {
    rules.failing_attempts = 3;
    rules.disable_after_days = 3;
  });
  attempts(3, 500);
  round();
  for (int day = 0; day < 6; ++day) {
    clock.advance(20h);
    attempts(1, 200);
    round();
    clock.advance(4h);
    attempts(3, 500);
    round();
    round();
  }
  EXPECT_TRUE(stored_destination(1)->enabled);
  EXPECT_EQ(std::ranges::count_if(alerts(), [](auto& one) { return one.kind == AlertKind::destination_disabling; }), 0);
}

TEST_F(Alerting, ManyAtOnceAreToldALittleAtATime) {
  set_rules([](AlertRules& rules) { rules.held_minutes = 1; });
  std::vector<DestinationMemory> memories;
  for (int n = 10; n < 40; ++n) {
    put(subscriber(n, {"alert.nothing"}));
    DestinationMemory memory;
    memory.destination = test::destination_id(n);
    memory.hold = found_hold(HoldCause::adapter_missing, "", clock.unix_now());
    memories.push_back(memory);
  }
  engine().catalog.refresh();
  fleet_store.remember(memories, "daemon-1");
  clock.advance(1min);
  round();
  EXPECT_EQ(alerts(true).size(), 30u) << "all can be seen";
  EXPECT_EQ(told().size(), AlertWatch::Options{}.told_at_once);
  for (auto& memory : memories) memory.hold.reset();
  fleet_store.remember(memories, "daemon-1");
  round();
  EXPECT_EQ(told().size(), 30u);
}

}  // namespace
}  // namespace opi::delivery
