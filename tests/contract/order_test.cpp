#include <barrier>
#include <thread>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Deliveries about one subject of one destination go out one after the other.
class OrderContract : public StoreContract {
 protected:
  OrderContract() {
    Destination one;
    one.tenant_id = acme;
    one.id = destination;
    one.name = "tickets";
    one.adapter = "ticket";
    one.endpoint = "https://h.example/";
    one.subscriptions = {"*"};
    one.config = "{}";
    one.order = DeliveryOrder::subject;
    engine->catalog().put_tenant({acme, "acme", {}}, entry(acme));
    engine->catalog().put_destination(one, entry(acme));
  }
  delivery::NewEvent about(const std::string& subject, const std::string& id) {
    auto of = event(id);
    of.ticket_id = subject;
    auto fresh = new_event(of, {destination});
    fresh.deliveries.front().subject = subject;
    return fresh;
  }
  DeliveryId publish(const std::string& subject, const std::string& id) {
    const auto fresh = about(subject, id);
    const auto report = engine->store().insert({{fresh}}, engine->catalog().revision());
    EXPECT_THAT(report.results, ElementsAre(delivery::InsertResult::accepted));
    return fresh.deliveries.front().id;
  }
  std::vector<std::string> due() {
    std::vector<std::string> ids;
    held_ = claim(destination);
    for (const auto& one : held_) ids.push_back(one->event->event_id.str());
    std::ranges::sort(ids);
    return ids;
  }
  // Of what due() claimed.
  delivery::Claim take(const std::string& id) {
    const auto found = std::ranges::find_if(held_, [&](const auto& one) { return one->event->event_id.str() == id; });
    if (found == held_.end()) throw std::logic_error(id + " was not due");
    return copy(*found);
  }
  void deliver(const std::string& id, const std::string& reference = {}) {
    const auto plain = success(take(id));
    delivery::Settlement with{copy(plain.claim()),
                              plain.attempt(),
                              plain.decision(),
                              plain.delivery_event_id(),
                              plain.audit_entry(),
                              reference,
                              reference.empty() ? "" : "https://x.test/1"};
    EXPECT_EQ(settle(std::move(with)), settled);
  }
  void bury(const std::string& id) { EXPECT_EQ(settle(dead_letter(take(id))), settled); }
  std::size_t replay(const DeliveryId& id) {
    return engine->dead_letters().replay(acme, {{id}}, entry(acme, audit::Action::dead_letter_replayed)).size();
  }
  std::size_t discard(const DeliveryId& id) {
    return engine->dead_letters().discard(acme, {{id}}, "", entry(acme, audit::Action::dead_letter_discarded)).size();
  }

  const DestinationId destination = new_destination();

 private:
  std::vector<delivery::Claim> held_;
};

TEST_P(OrderContract, OnlyTheSameSubjectWaits) {
  publish("T-1", "create1");
  publish("T-1", "update1");
  publish("T-2", "create2");
  EXPECT_THAT(due(), ElementsAre("create1", "create2"));
  EXPECT_THAT(engine->query().find(acme, take("create1")->delivery)->due_at.has_value(), true);
}

TEST_P(OrderContract, TheNextIsDueWhenTheOneBeforeHasEnded) {
  publish("T-1", "create");
  publish("T-1", "update");
  publish("T-1", "close");
  ASSERT_THAT(due(), ElementsAre("create"));
  deliver("create", "JIRA-7");
  ASSERT_THAT(due(), ElementsAre("update"));
  EXPECT_EQ(take("update")->prior_ref, "JIRA-7");
  EXPECT_EQ(take("update")->prior_url, "https://x.test/1");
  EXPECT_EQ(take("update")->subject, "T-1");
  EXPECT_THAT(due(), IsEmpty());
  engine->expire_leases();
  const auto taken = engine->store().take_over_expired(10, "daemon-2", std::chrono::seconds{30});
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0]->prior_ref, "JIRA-7");
  settle(success(copy(taken[0])));
  EXPECT_THAT(due(), ElementsAre("close"));
}

TEST_P(OrderContract, WhatIsSentAgainDoesNotGoBesideAnother) {
  const auto first = publish("T-1", "create");
  ASSERT_THAT(due(), ElementsAre("create"));
  deliver("create", "JIRA-7");
  publish("T-1", "update");
  ASSERT_THAT(due(), ElementsAre("update"));
  EXPECT_EQ(engine->dead_letters().resend(acme, {{first}}, entry(acme, audit::Action::delivery_resent)).size(), 1U);
  const auto update = take("update");
  EXPECT_THAT(due(), IsEmpty());
  settle(success(copy(update)));
  EXPECT_THAT(due(), ElementsAre("create"));
}

TEST_P(OrderContract, OneBatchKeepsItsOrder) {
  std::vector<delivery::NewEvent> batch;
  for (int i = 0; i < 20; ++i) batch.push_back(about("T-1", "e" + std::to_string(100 + i)));
  engine->store().insert(batch, engine->catalog().revision());
  for (int i = 0; i < 20; ++i) {
    const auto id = "e" + std::to_string(100 + i);
    ASSERT_THAT(due(), ElementsAre(id));
    deliver(id);
  }
}

TEST_P(OrderContract, ARetryKeepsItsTurn) {
  publish("T-1", "create");
  publish("T-1", "update");
  ASSERT_THAT(due(), ElementsAre("create"));
  settle(retry(take("create")));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_THAT(engine->store().due_destinations({{destination}}), SizeIs(1));
  engine->make_all_due();
  EXPECT_THAT(due(), ElementsAre("create"));
}

TEST_P(OrderContract, WhatWaitsIsNotDue) {
  publish("T-1", "create");
  const auto update = publish("T-1", "update");
  ASSERT_THAT(due(), ElementsAre("create"));
  EXPECT_THAT(engine->store().due_destinations({{destination}}), IsEmpty());
  EXPECT_FALSE(engine->query().find(acme, update)->due_at.has_value());
  EXPECT_EQ(state_of(update), DeliveryState::pending);
}

TEST_P(OrderContract, ADeadLetteredCreateHoldsItsSubjectUntilItIsReplayed) {
  const auto create = publish("T-1", "create");
  publish("T-1", "update");
  publish("T-2", "other");
  ASSERT_THAT(due(), ElementsAre("create", "other"));
  bury("create");
  deliver("other", "EXT-2");
  EXPECT_THAT(due(), IsEmpty());
  publish("T-1", "late");
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(engine->store().wake_stranded(), 0);
  ASSERT_EQ(replay(create), 1U);
  ASSERT_THAT(due(), ElementsAre("create"));
  deliver("create", "EXT-1");
  ASSERT_THAT(due(), ElementsAre("update"));
  deliver("update");
  EXPECT_THAT(due(), ElementsAre("late"));
}

TEST_P(OrderContract, WhatADeliveryWaitsForIsNamed) {
  const auto create = publish("T-1", "create");
  const auto update = publish("T-1", "update"), close = publish("T-1", "close");
  const auto other = publish("T-2", "other");
  const auto waits_for = [&](const DeliveryId& id) { return engine->query().waits_for(acme, id); };
  EXPECT_EQ(waits_for(create), std::nullopt) << "it is due";
  EXPECT_EQ(waits_for(update), create);
  ASSERT_THAT(due(), ElementsAre("create", "other"));
  EXPECT_EQ(waits_for(close), create) << "under way, not the one that waits as well";
  EXPECT_EQ(engine->query().waits_for(globex, update), std::nullopt) << "another tenant's";
  bury("create");
  EXPECT_EQ(waits_for(update), create) << "a dead letter holds it";
  EXPECT_EQ(waits_for(close), create);
  EXPECT_EQ(waits_for(create), std::nullopt) << "it has ended";
  ASSERT_EQ(replay(create), 1U);
  ASSERT_THAT(due(), ElementsAre("create"));
  deliver("create", "EXT-1");
  EXPECT_EQ(waits_for(update), std::nullopt);
  EXPECT_EQ(waits_for(close), update);
  ASSERT_THAT(due(), ElementsAre("update"));
  bury("update");
  EXPECT_EQ(waits_for(close), std::nullopt) << "the receiver knows the ticket, so nothing holds it";
  EXPECT_EQ(waits_for(other), std::nullopt);
}

TEST_P(OrderContract, ADiscardLetsTheNextGo) {
  const auto create = publish("T-1", "create");
  publish("T-1", "update");
  ASSERT_THAT(due(), ElementsAre("create"));
  bury("create");
  ASSERT_EQ(discard(create), 1U);
  EXPECT_THAT(due(), ElementsAre("update"));
}

TEST_P(OrderContract, ADeadLetteredUpdateHoldsNobody) {
  publish("T-1", "create");
  const auto update = publish("T-1", "update");
  publish("T-1", "close");
  publish("T-1", "last");
  due();
  deliver("create", "EXT-1");
  due();
  bury("update");
  ASSERT_THAT(due(), ElementsAre("close"));
  // Back again, it waits for the one under way, and goes before those that wait.
  ASSERT_EQ(replay(update), 1U);
  EXPECT_THAT(claim(destination), IsEmpty());
  deliver("close");
  ASSERT_THAT(due(), ElementsAre("update"));
  deliver("update");
  EXPECT_THAT(due(), ElementsAre("last"));
}

// Two dead letters of a subject come back one after the other, the later one first.
TEST_P(OrderContract, OfThoseThatComeBackOneIsDue) {
  publish("T-1", "first");
  publish("T-1", "second");
  due();
  deliver("first", "EXT-1");
  due();
  deliver("second");
  const auto third = publish("T-1", "third"), fourth = publish("T-1", "fourth");
  due();
  bury("third");
  due();
  bury("fourth");
  ASSERT_EQ(replay(fourth), 1U);
  ASSERT_EQ(replay(third), 1U);
  ASSERT_THAT(due(), ElementsAre("fourth")) << "it was due when the other one came back";
  deliver("fourth");
  ASSERT_THAT(due(), ElementsAre("third"));
  bury("third");
  // Both at once: the one that came first goes first.
  const auto fifth = publish("T-1", "fifth");
  due();
  bury("fifth");
  ASSERT_EQ(
      engine->dead_letters().replay(acme, {{fifth, third}}, entry(acme, audit::Action::dead_letter_replayed)).size(),
      2U);
  ASSERT_EQ(due().size(), 1U);
}

TEST_P(OrderContract, WhatIsStrandedIsWoken) {
  publish("T-1", "create");
  publish("T-1", "update");
  due();
  bury("create");
  engine->execute("DELETE FROM integration_deliveries");
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(engine->store().wake_stranded(), 1);
  EXPECT_EQ(engine->store().wake_stranded(), 0);
  EXPECT_THAT(due(), ElementsAre("update"));
}

// More subjects than one call looks at, of which a few are stranded.
TEST_P(OrderContract, EveryStrandedSubjectIsComeToInItsTurn) {
  constexpr int subjects = 2'500, stranded = 5;
  std::vector<delivery::NewEvent> batch;
  for (int i = 0; i < subjects; ++i)
    for (const auto* which : {"a", "b"}) batch.push_back(about("T-" + std::to_string(i), which + std::to_string(i)));
  engine->store().insert(batch, engine->catalog().revision());
  for (int i = 0; i < stranded; ++i)
    engine->execute("DELETE FROM integration_outbox WHERE event_id = 'a" + std::to_string(i * 600) + "'");
  int woken = 0;
  for (int calls = 0; calls < 2; ++calls) woken += engine->store().wake_stranded();
  EXPECT_EQ(woken, stranded);
  for (int calls = 0; calls < 2; ++calls) EXPECT_EQ(engine->store().wake_stranded(), 0);
  engine->execute("DELETE FROM integration_outbox WHERE event_id = 'a1'");
  for (int calls = 0; calls < 2; ++calls) woken += engine->store().wake_stranded();
  EXPECT_EQ(woken, stranded + 1) << "the round begins anew";
}

// A lock for each, of a table of the server with room for some 6,000, would stop all of it.
TEST_P(OrderContract, TwentyThousandSubjectsMayComeInOneBatch) {
  constexpr int subjects = 20'000, events = 100;
  std::vector<delivery::NewEvent> batch;
  for (int i = 0; i < subjects; ++i) {
    if (i % (subjects / events) == 0) batch.push_back(about("T-0", "e" + std::to_string(i)));
    auto& deliveries = batch.back().deliveries;
    if (i % (subjects / events) != 0) deliveries.push_back(about("x", "x").deliveries.front());
    deliveries.back().destination = new_destination();
    deliveries.back().subject = "T-" + std::to_string(i);
  }
  EXPECT_THAT(engine->store().insert(batch, engine->catalog().revision()).results,
              testing::Each(delivery::InsertResult::accepted));
  EXPECT_EQ(rows("integration_outbox"), subjects);
}

TEST_P(OrderContract, PublishersAndSettlersMeetWithoutALostTurn) {
  publish("T-1", "e000");
  std::thread publisher{[&] {
    for (int i = 1; i < 60; ++i) publish("T-1", "e" + std::to_string(1000 + i).substr(1));
  }};
  std::vector<std::string> seen;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (seen.size() < 60 && std::chrono::steady_clock::now() < until) {
    const auto now = due();
    ASSERT_LE(now.size(), 1U);
    if (now.empty()) continue;
    seen.push_back(now[0]);
    deliver(now[0]);
  }
  publisher.join();
  EXPECT_THAT(seen, SizeIs(60));
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

// One transaction stores a hundred deliveries while another ends those before them: neither sees the other's rows, so
// without a common order a turn is lost wherever they meet.
TEST_P(OrderContract, NoTurnIsLostBetweenTwoTransactions) {
  constexpr int subjects = 100, rounds = 5;
  for (int round = 0; round < rounds; ++round) {
    std::vector<delivery::NewEvent> creates, updates;
    for (int i = 0; i < subjects; ++i) {
      const auto subject = "T-" + std::to_string(round) + "-" + std::to_string(i);
      creates.push_back(about(subject, "create-" + subject));
      updates.push_back(about(subject, "update-" + subject));
    }
    engine->store().insert(creates, engine->catalog().revision());
    std::vector<delivery::Settlement> ends;
    for (auto& one : claim(destination)) ends.push_back(success(std::move(one)));
    ASSERT_THAT(ends, SizeIs(subjects));

    std::barrier start(2);
    std::thread publisher{[&] {
      start.arrive_and_wait();
      engine->store().insert(updates, engine->catalog().revision());
    }};
    start.arrive_and_wait();
    EXPECT_THAT(engine->store().settle(ends), Each(settled));
    publisher.join();
    const auto next = due();
    EXPECT_THAT(next, SizeIs(subjects));
    for (const auto& id : next) deliver(id);
  }
}

TEST_P(OrderContract, AStepKeepsItsCarryAndItsTurnAndBeginsABudgetOfItsOwn) {
  publish("T-1", "create");
  publish("T-1", "update");
  due();
  const std::string carry{"a\0\xff", 3};
  auto step = settlement(take("create"), DeliveryState::retry_scheduled, AttemptResult::continued);
  step.keep(carry);
  const int told = rows("integration_delivery_events");
  EXPECT_EQ(settle(std::move(step)), settled);
  EXPECT_EQ(rows("integration_delivery_events"), told);
  engine->make_all_due();
  ASSERT_THAT(due(), ElementsAre("create"));
  auto next = take("create");
  EXPECT_EQ(next->step, 1);
  EXPECT_EQ(next->carry, carry);
  EXPECT_EQ(next->attempts_made, 1);
  EXPECT_EQ(next->budgeted_attempt(), 1);
  settle(retry(copy(next)));
  engine->make_all_due();
  ASSERT_THAT(due(), ElementsAre("create"));
  EXPECT_EQ(take("create")->step, 1);
  EXPECT_EQ(take("create")->carry, carry);
  EXPECT_EQ(take("create")->budgeted_attempt(), 2);
  deliver("create");
  EXPECT_EQ(attempts_of(next->delivery).front().result, AttemptResult::continued);
  EXPECT_THAT(due(), ElementsAre("update"));
}

INSTANTIATE_TEST_SUITE_P(Stores, OrderContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
