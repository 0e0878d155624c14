#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "audit/hash_chain.hpp"
#include "contract/store_contract.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using testing::SizeIs;
using namespace std::chrono_literals;

TEST_P(StoreContract, TwoDaemonsNeverClaimTheSameDelivery) {
  constexpr int deliveries = 400;
  const auto a = new_destination(), b = new_destination();
  given_pending(a, deliveries / 2, 0);
  given_pending(b, deliveries / 2, 1000);
  std::mutex mutex;
  std::multiset<DeliveryId> claimed;
  const auto work = [&](delivery::DeliveryStore& store, const char* name) {
    for (;;) {
      const auto claims = store.claim({{{a, 7}, {b, 7}}}, {name, 30s});
      const std::lock_guard lock{mutex};
      // Rows that the other has locked at this moment are skipped: an empty claim is not yet the end.
      if (claims.empty() && claimed.size() >= deliveries) return;
      for (const auto& one : claims) claimed.insert(one->delivery);
      if (claimed.size() > deliveries) return;
    }
  };
  std::thread first{[&] { work(engine->store(), "daemon-1"); }};
  std::thread second{[&] { work(engine->other_daemons_store(), "daemon-2"); }};
  first.join();
  second.join();
  EXPECT_THAT(claimed, SizeIs(deliveries));
  EXPECT_EQ((std::set<DeliveryId>{claimed.begin(), claimed.end()}.size()), static_cast<std::size_t>(deliveries));
}

TEST_P(StoreContract, OfTwoDaemonsThatInsertTheSameEventsOneStoresEach) {
  const auto destination = new_destination();
  std::vector<delivery::NewEvent> ascending, descending;
  for (int i = 0; i < 100; ++i) ascending.push_back(new_event(event("e" + std::to_string(i)), {destination}));
  for (int i = 99; i >= 0; --i) descending.push_back(new_event(event("e" + std::to_string(i)), {destination}));
  std::atomic<int> accepted = 0, duplicates = 0;
  const auto work = [&](delivery::DeliveryStore& store, const std::vector<delivery::NewEvent>& events) {
    for (const auto result : store.insert(events, 0).results) {
      if (result == delivery::InsertResult::accepted) ++accepted;
      if (result == delivery::InsertResult::duplicate) ++duplicates;
    }
  };
  std::thread first{[&] { work(engine->store(), ascending); }};
  std::thread second{[&] { work(engine->other_daemons_store(), descending); }};
  first.join();
  second.join();
  EXPECT_EQ(accepted, 100);
  EXPECT_EQ(duplicates, 100);
  EXPECT_EQ(rows("integration_outbox"), 100);
}

TEST_P(StoreContract, TwoDaemonsThatSettleOneDeliveryEndItOnceAndKeepTheChain) {
  constexpr int deliveries = 200;
  const auto destination = new_destination();
  given_pending(destination, deliveries);
  const auto claims = claim(destination);
  const auto ends = [&](int of) {
    std::vector<delivery::Settlement> made;
    for (const auto& one : claims) made.push_back(of == 0 ? success(copy(one)) : dead_letter(copy(one)));
    return made;
  };
  const auto successes = ends(0), dead_letters = ends(1);
  std::atomic<int> won = 0;
  const auto work = [&](delivery::DeliveryStore& store, const std::vector<delivery::Settlement>& all) {
    for (std::size_t at = 0; at < all.size(); at += 20)
      for (const auto result : store.settle(std::span{all}.subspan(at, 20)))
        if (result == settled) ++won;
  };
  std::thread first{[&] { work(engine->store(), successes); }};
  std::thread second{[&] { work(engine->other_daemons_store(), dead_letters); }};
  first.join();
  second.join();
  EXPECT_EQ(won, deliveries);
  EXPECT_EQ(rows("integration_deliveries"), deliveries);
  EXPECT_EQ(rows("integration_delivery_events"), deliveries);
  const auto records = engine->audit().read(acme, 0, 1000);
  EXPECT_THAT(records, SizeIs(deliveries));
  EXPECT_EQ(audit::first_fault(audit::genesis(acme), records), std::nullopt);
}

TEST_P(StoreContract, RivalsThatAppendToOneChainKeepItUnbroken) {
  constexpr int rivals = 4, appends = 40;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  const auto of_acme = entry(acme), of_globex = entry(globex);
  for (int i = 0; i < rivals; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < appends; ++n) try {
          // In either order: the chains are locked in their own.
          engine->audit().append(i % 2 == 0 ? std::vector{of_acme, of_globex} : std::vector{of_globex, of_acme});
        } catch (const std::exception&) {
          ++failures;
        }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  for (const auto& tenant : {acme, globex}) {
    const auto records = engine->audit().read(tenant, 0, 1000);
    EXPECT_THAT(records, SizeIs(rivals * appends));
    EXPECT_EQ(audit::first_fault(audit::genesis(tenant), records), std::nullopt);
  }
}

TEST_P(StoreContract, RivalsThatChangeTheCatalogEachRaiseItsRevision) {
  constexpr int rivals = 4, changes = 10;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  const auto of_acme = entry(acme);
  for (int i = 0; i < rivals; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < changes; ++n) try {
          const auto name = std::to_string(i) + "/" + std::to_string(n);
          if (!engine->catalog().put_tenant({acme, name, {}}, of_acme)) ++failures;
        } catch (const std::exception&) {
          ++failures;
        }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(engine->catalog().revision(), rivals * changes);
}

TEST_P(StoreContract, TwoDaemonsNeverTakeOverTheSameLease) {
  const auto destination = new_destination();
  given_pending(destination, 200);
  claim(destination);
  engine->expire_leases();
  std::mutex mutex;
  std::multiset<DeliveryId> taken;
  const auto work = [&](delivery::DeliveryStore& store, const char* name) {
    for (;;) {
      const auto claims = store.take_over_expired(9, name, 30s);
      const std::lock_guard lock{mutex};
      for (const auto& one : claims) taken.insert(one->delivery);
      if (taken.size() >= 200) return;
    }
  };
  std::thread first{[&] { work(engine->store(), "daemon-1"); }};
  std::thread second{[&] { work(engine->other_daemons_store(), "daemon-2"); }};
  first.join();
  second.join();
  EXPECT_EQ((std::set<DeliveryId>{taken.begin(), taken.end()}.size()), 200U);
  EXPECT_THAT(taken, SizeIs(200));
}

}  // namespace
}  // namespace opi::test
