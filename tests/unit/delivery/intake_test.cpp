#include "delivery/intake.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using Results = std::vector<InsertResult>;
constexpr auto accepted = InsertResult::accepted, duplicate = InsertResult::duplicate,
               conflict = InsertResult::conflict;

class IntakeOfEvents : public test::WithEngine {
 protected:
  Intake& intake() { return engine().intake; }

  // Submits each list from a thread of its own, in order, and commits all of them as one batch.
  std::vector<Results> submit_together(std::vector<std::vector<ParsedEvent>> submissions) {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t waiting = 0;
    engine().on_submit = [&] {
      const std::lock_guard lock(mutex);
      ++waiting;
      changed.notify_all();
    };
    std::vector<Results> results(submissions.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < submissions.size(); ++i) {
      threads.emplace_back([&, i] { results[i] = intake().submit(std::move(submissions[i])); });
      std::unique_lock lock(mutex);
      EXPECT_TRUE(changed.wait_for(lock, 20s, [&] { return waiting == i + 1; }));
    }
    batches = 0;
    while (intake().run_once()) ++batches;
    for (auto& thread : threads) thread.join();
    return results;
  }

  int batches = 0;
};

TEST_F(IntakeOfEvents, MakesOneDeliveryPerSubscribedDestination) {
  auto narrow = test::destination(2);
  narrow.subscriptions = {"ticket.*", "alert.closed"};
  put(narrow);
  auto wide = test::destination(3);
  wide.subscriptions = {"alert.*", "*"};
  put(wide);
  auto disabled = test::destination(4);
  disabled.enabled = false;
  put(disabled);
  put_tenant("globex");
  put(test::destination(5, "globex"));
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{accepted});
  std::set<DestinationId> destinations;
  for (const auto& d : deliveries()) {
    destinations.insert(d.destination);
    EXPECT_EQ(d.state, DeliveryState::pending);
  }
  EXPECT_EQ(destinations,
            (std::set<DestinationId>{test::destination_id(1), test::destination_id(3), test::destination_id(4)}))
      << "what is disabled waits, it does not vanish";
  EXPECT_TRUE(deliveries("globex").empty());
  EXPECT_EQ(engine().work_here, 1);
}

// At a destination that takes one at a time nothing but the ids decides: all fall due at once.
TEST_F(IntakeOfEvents, GoInTheOrderInWhichTheyWereHandedIn) {
  std::vector<ParsedEvent> first, second;
  for (int i = 0; i < 40; ++i) (i < 20 ? first : second).push_back(test::event("e-" + std::to_string(i)));
  submit_together({first, second});
  submit_together({{test::event("e-40")}});  // another batch within the same millisecond
  for (int i = 0; i <= 40; ++i) {
    const auto claimed = store.claim({{{test::destination_id(1), 1}}}, {"daemon-1", 30s});
    ASSERT_EQ(claimed.size(), 1u);
    EXPECT_EQ(claimed[0]->event->event_id.str(), "e-" + std::to_string(i));
  }
}

TEST_F(IntakeOfEvents, TheIdempotencyKeyDependsOnTenantDestinationAndEventAlone) {
  intake().submit({test::event("e-1")});
  const auto expected = crypto::sha256(
      idempotency_canonical_form(*TenantId::parse("acme"), test::destination_id(1), *EventId::parse("e-1")));
  EXPECT_EQ(only_delivery().idempotency_key.bytes, expected);
}

TEST_F(IntakeOfEvents, AnEventWithoutSubscribersIsStoredAllTheSame) {
  auto d = test::destination(1);
  d.subscriptions = {"ticket.*"};
  put(d);
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{accepted});
  EXPECT_EQ(engine().work_here, 0);
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{duplicate});
}

TEST_F(IntakeOfEvents, NothingIsSubmittedByNothing) {
  EXPECT_EQ(intake().submit({}), Results{});
  EXPECT_FALSE(intake().run_once());
}

TEST_F(IntakeOfEvents, TheSameEventAgainIsADuplicateAndOtherContentAConflict) {
  EXPECT_EQ(intake().submit({test::event("e-1", "1")}), Results{accepted});
  EXPECT_EQ(intake().submit({test::event("e-1", "1")}), Results{duplicate});
  EXPECT_EQ(intake().submit({test::event("e-1", "2")}), Results{conflict});
  EXPECT_EQ(intake().submit({test::event("e-2"), test::event("e-1", "1"), test::event("e-1", "2")}),
            (Results{accepted, duplicate, conflict}));
  EXPECT_EQ(deliveries().size(), 2u);
}

TEST_F(IntakeOfEvents, TheSameIdInAnotherTenantIsAnotherEvent) {
  put_tenant("globex");
  EXPECT_EQ(intake().submit({test::event("e-1", "1"), test::event("e-1", "2", "globex")}),
            (Results{accepted, accepted}));
}

TEST_F(IntakeOfEvents, CopiesWithinOneSubmissionAreJudgedByTheFirst) {
  EXPECT_EQ(intake().submit({test::event("e-1", "1"), test::event("e-1", "1"), test::event("e-1", "2")}),
            (Results{accepted, duplicate, conflict}));
  EXPECT_EQ(deliveries().size(), 1u);
}

TEST_F(IntakeOfEvents, SubmissionsOfSeveralThreadsShareACommit) {
  std::vector<std::vector<ParsedEvent>> submissions;
  for (int i = 0; i < 8; ++i)
    submissions.push_back({test::event("a-" + std::to_string(i)), test::event("b-" + std::to_string(i))});
  EXPECT_EQ(submit_together(std::move(submissions)), std::vector<Results>(8, Results{accepted, accepted}));
  EXPECT_EQ(batches, 1);
  EXPECT_EQ(deliveries().size(), 16u);
}

TEST_F(IntakeOfEvents, CopiesAcrossSubmissionsOfOneBatchAreToldApart) {
  EXPECT_EQ(submit_together({{test::event("e-1", "1")}, {test::event("e-1", "1")}, {test::event("e-1", "2")}}),
            (std::vector<Results>{{accepted}, {duplicate}, {conflict}}));
  EXPECT_EQ(batches, 1);
}

TEST_F(IntakeOfEvents, AStoredEventIsADuplicateEvenBehindAConflictingCopy) {
  intake().submit({test::event("e-1", "stored")});
  EXPECT_EQ(submit_together({{test::event("e-1", "other")},
                             {test::event("e-1", "stored")},
                             {test::event("e-1", "other")},
                             {test::event("e-1", "third")}}),
            (std::vector<Results>{{conflict}, {duplicate}, {conflict}, {conflict}}));
}

TEST_F(IntakeOfEvents, BatchesAreCutBetweenSubmissions) {
  options.intake.batch_events = 3;
  std::vector<std::vector<ParsedEvent>> submissions;
  for (int i = 0; i < 3; ++i)
    submissions.push_back({test::event("a-" + std::to_string(i)), test::event("b-" + std::to_string(i))});
  submissions.push_back({test::event("c-1"), test::event("c-2"), test::event("c-3"), test::event("c-4")});
  submit_together(std::move(submissions));
  EXPECT_EQ(batches, 4) << "two and two would be more than three; four alone are taken";
}

TEST_F(IntakeOfEvents, BatchesAreCutBySize) {
  options.intake.batch_bytes = 2'000;
  submit_together({{test::event("e-1", std::string(1'000, 'x'))}, {test::event("e-2", std::string(1'000, 'x'))}});
  EXPECT_EQ(batches, 2);
}

TEST_F(IntakeOfEvents, AChangedCatalogIsLoadedAndTheEventsAreRoutedAnew) {
  engine();
  put(test::destination(2));
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{accepted});
  EXPECT_EQ(deliveries().size(), 2u);
}

TEST_F(IntakeOfEvents, ACatalogThatNeverStandsStillIsGivenUpAndNothingIsStored) {
  int n = 10;
  store.choose = [&](test::StoreOperation operation) {
    if (operation == test::StoreOperation::insert) put(test::destination(n++));
    return test::StoreFault::none;
  };
  EXPECT_THROW(intake().submit({test::event("e-1")}), StoreUnavailable);
  EXPECT_EQ(n, 15);
  EXPECT_TRUE(deliveries().empty());
}

TEST_F(IntakeOfEvents, AnAbsentStoreIsToldToEveryoneWhoWaits) {
  store.fail_next(test::StoreOperation::insert, test::StoreFault::unavailable);
  EXPECT_TRUE(intake().is_storing());
  EXPECT_THROW(intake().submit({test::event("e-1")}), StoreUnavailable);
  EXPECT_FALSE(intake().is_storing());
  EXPECT_TRUE(deliveries().empty());
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{accepted});
  EXPECT_TRUE(intake().is_storing());
}

TEST_F(IntakeOfEvents, AStoreThatTookNoEventsIsNotDoubtedForEver) {
  store.fail_next(test::StoreOperation::insert, test::StoreFault::unavailable);
  EXPECT_THROW(intake().submit({test::event("e-1")}), StoreUnavailable);
  clock.advance(Intake::Options{}.doubt - 1ms);
  EXPECT_FALSE(intake().is_storing());
  clock.advance(1ms);
  EXPECT_TRUE(intake().is_storing());
}

TEST_F(IntakeOfEvents, ACommitInDoubtThatHappenedIsAccepted) {
  store.fail_next(test::StoreOperation::insert, test::StoreFault::in_doubt_done);
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{accepted});
  EXPECT_EQ(deliveries().size(), 1u);
  EXPECT_EQ(engine().work_here, 1) << "its deliveries are known to the scheduler";
}

// What is not there may come yet: nobody says that it was not stored.
TEST_F(IntakeOfEvents, ACommitInDoubtThatDidNotHappenStaysInDoubt) {
  store.fail_next(test::StoreOperation::insert, test::StoreFault::in_doubt_lost);
  EXPECT_THROW(intake().submit({test::event("e-1")}), CommitInDoubt);
  EXPECT_TRUE(deliveries().empty());
  EXPECT_FALSE(intake().is_storing());
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{accepted});
}

TEST_F(IntakeOfEvents, ACommitInDoubtThatCannotBeReadBackStaysInDoubt) {
  store.choose = [](test::StoreOperation now) {
    return now == test::StoreOperation::insert   ? test::StoreFault::in_doubt_done
           : now == test::StoreOperation::stored ? test::StoreFault::unavailable
                                                 : test::StoreFault::none;
  };
  EXPECT_THROW(intake().submit({test::event("e-1")}), CommitInDoubt);
  store.choose = [](auto) { return test::StoreFault::none; };
  EXPECT_EQ(intake().submit({test::event("e-1")}), Results{InsertResult::duplicate});
  EXPECT_EQ(deliveries().size(), 1u);
}

TEST_F(IntakeOfEvents, ADefectOfOneSubmissionSparesTheOthersOfItsBatch) {
  auto broken = test::event("e-2");
  broken.event.payload = std::string(EventLimits::payload_bytes + 1, ' ');  // the store refuses it
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0, stored = 0, refused = 0;
  engine().on_submit = [&] {
    const std::lock_guard lock(mutex);
    ++waiting;
    changed.notify_all();
  };
  std::vector<std::thread> threads;
  for (const auto& parsed : {test::event("e-1"), broken, test::event("e-3")})
    threads.emplace_back([&, parsed] {
      bool ok = true;
      try {
        intake().submit({parsed});
      } catch (const StoreRefused&) {
        ok = false;
      }
      const std::lock_guard lock(mutex);
      ++(ok ? stored : refused);
    });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, 20s, [&] { return waiting == 3; }));
  }
  while (intake().run_once()) {
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 2);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(deliveries().size(), 2u);
}

TEST_F(IntakeOfEvents, RefusesMoreThanItWillHold) {
  options.intake.waiting_events = 3;
  EXPECT_EQ(intake().submit({test::event("a"), test::event("b"), test::event("c")}).size(), 3u) << "at the edge";
  EXPECT_THROW(intake().submit({test::event("d"), test::event("e"), test::event("f"), test::event("g")}),
               IntakeOverloaded);
  EXPECT_EQ(deliveries().size(), 3u);
  // What was committed waits no more.
  EXPECT_EQ(intake().submit({test::event("d"), test::event("e"), test::event("f")}).size(), 3u);
}

TEST_F(IntakeOfEvents, ClosedRefusesNewEventsAndStillCommitsThoseThatWait) {
  std::mutex mutex;
  std::condition_variable changed;
  bool waiting = false;
  engine().on_submit = [&] {
    const std::lock_guard lock(mutex);
    waiting = true;
    changed.notify_all();
  };
  Results results;
  std::thread producer([&] { results = intake().submit({test::event("e-1")}); });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, 20s, [&] { return waiting; }));
  }
  intake().close();
  EXPECT_THROW(intake().submit({test::event("e-2")}), IntakeClosed);
  EXPECT_TRUE(intake().run_once());
  producer.join();
  EXPECT_EQ(results, Results{accepted});
  EXPECT_FALSE(intake().run_once());
}

TEST_F(IntakeOfEvents, CountsByResult) {
  intake().submit({test::event("e-1"), test::event("e-1"), test::event("e-1", "2")});
  EXPECT_EQ(engine().metrics.events_accepted.Value(), 1);
  EXPECT_EQ(engine().metrics.events_duplicate.Value(), 1);
  EXPECT_EQ(engine().metrics.events_conflict.Value(), 1);
}

class IntakeForOneDestination : public IntakeOfEvents {
 protected:
  std::optional<DeliveryId> submit_for(int n, const std::string& tenant = "acme") {
    return intake().submit_for(*TenantId::parse(tenant), test::destination_id(n), test::event("t-1"),
                               test::catalog_entry("acme", audit::Action::destination_tested, "destination:x"));
  }
};

TEST_F(IntakeForOneDestination, StoresOneDeliveryWhateverIsSubscribed) {
  auto other = test::destination(2);
  other.subscriptions = {"nothing.at.all"};
  put(other);
  engine().catalog.refresh();
  const auto delivery = submit_for(2);
  ASSERT_TRUE(delivery);
  EXPECT_EQ(only_delivery().id, *delivery);
  EXPECT_EQ(only_delivery().destination, test::destination_id(2));
  EXPECT_EQ(audit_log.read(*TenantId::parse("acme"), 0, 100).back().entry.action, audit::Action::destination_tested);
  EXPECT_EQ(engine().work_here, 1);
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(IntakeForOneDestination, NeedsAnEnabledDestinationOfTheTenant) {
  EXPECT_FALSE(submit_for(9));
  EXPECT_FALSE(submit_for(1, "globex"));
  auto disabled = test::destination(1);
  disabled.enabled = false;
  put(disabled);  // the engine has not noticed yet; the store does
  EXPECT_FALSE(submit_for(1));
  EXPECT_TRUE(deliveries().empty());
  intake().close();
  EXPECT_THROW(submit_for(1), IntakeClosed);
}

TEST_F(IntakeForOneDestination, ALostAnswerIsResolvedByReadingBack) {
  engine();
  store.fail_next(test::StoreOperation::insert, test::StoreFault::in_doubt_done);
  EXPECT_TRUE(submit_for(1));
  EXPECT_EQ(deliveries().size(), 1u);
}

}  // namespace
}  // namespace opi::delivery
