#include <atomic>
#include <thread>

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::FeedEntry;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FeedContract : public StoreContract {
 protected:
  std::vector<FeedEntry> read(std::int64_t after = 0, std::vector<std::string_view> types = {}, int limit = 1'000) {
    return engine->feed().read(acme, after, types, limit);
  }
  static std::vector<std::int64_t> sequences(const std::vector<FeedEntry>& entries) {
    std::vector<std::int64_t> list;
    for (const auto& entry : entries) list.push_back(entry.sequence);
    return list;
  }
};

TEST_P(FeedContract, EachSettlementIsAnEntryThatNamesItsDelivery) {
  const auto destination = new_destination();
  given_pending(destination, 1);
  auto one = retry(claim_one(destination));
  const auto id = one.delivery_event_id();
  const auto delivery = one.claim()->delivery;
  settle(std::move(one));
  const auto entries = read();
  ASSERT_THAT(entries, SizeIs(1));
  const auto& entry = entries[0];
  EXPECT_EQ(entry.sequence, 1);
  EXPECT_EQ(entry.id, id);
  EXPECT_EQ(entry.type, "ticket.delivery.retry_scheduled");
  EXPECT_EQ(entry.delivery, delivery);
  EXPECT_EQ(entry.destination, destination);
  EXPECT_EQ(entry.event_id.str(), "e0");
  EXPECT_EQ(entry.event_type, "alert.created");
  EXPECT_EQ(entry.correlation_id, "corr-e0");
  EXPECT_EQ(entry.alert_id, "alert-e0");
  EXPECT_EQ(entry.evidence_id, "evidence-e0");
  EXPECT_EQ(entry.ticket_id, "ticket-e0");
  EXPECT_EQ(entry.attempt, 1);
  EXPECT_EQ(engine->feed().head(acme), 1);
}

TEST_P(FeedContract, SequencesHaveNoGapsAndBelongToTheTenant) {
  const auto destination = new_destination();
  given_pending(destination, 7);
  std::vector<delivery::NewEvent> theirs{new_event(event("t1", globex), {destination})};
  engine->store().insert(theirs, engine->catalog().revision());
  auto claims = claim(destination);
  std::vector<delivery::Settlement> batch;
  for (std::size_t i = 0; i < 5; ++i) batch.push_back(success(std::move(claims[i])));
  engine->store().settle(batch);
  engine->store().settle(batch);  // again: nothing new
  for (std::size_t i = 5; i < claims.size(); ++i) settle(retry(std::move(claims[i])));
  EXPECT_THAT(sequences(read()), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(sequences(engine->feed().read(globex, 0, {}, 10)), ElementsAre(1));
  EXPECT_EQ(engine->feed().head(acme), 7);
  EXPECT_EQ(engine->feed().head(TenantId::parse("nobody").value()), 0);
}

TEST_P(FeedContract, IsReadBehindACursorByTypeAndInPages) {
  const auto destination = new_destination();
  given_pending(destination, 6);
  auto claims = claim(destination);
  for (std::size_t i = 0; i < claims.size(); ++i)
    settle(i % 2 == 0 ? success(std::move(claims[i])) : dead_letter(std::move(claims[i])));
  EXPECT_THAT(sequences(read(4)), ElementsAre(5, 6));
  EXPECT_THAT(sequences(read(0, {}, 2)), ElementsAre(1, 2));
  EXPECT_THAT(sequences(read(0, {"ticket.delivery.dead_lettered"})), ElementsAre(2, 4, 6));
  EXPECT_THAT(sequences(read(2, {"ticket.delivery.dead_lettered", "ticket.delivery.succeeded"}, 3)),
              ElementsAre(3, 4, 5));
  EXPECT_THAT(read(6), IsEmpty());
  EXPECT_THROW(read(0, {}, 0), std::invalid_argument);
}

// A reader that goes on behind what it saw last, while several daemons settle at once, sees every entry once.
TEST_P(FeedContract, ACursorNeverPassesAnEntryThatCommitsLater) {
  constexpr int each = 120, batch = 6;
  const auto a = new_destination(), b = new_destination();
  given_pending(a, each, 0);
  given_pending(b, each, 1'000);
  auto of_a = claim(a), of_b = claim(b);
  std::vector<std::vector<delivery::Settlement>> left, right;  // made here: ids come from one generator
  for (auto [claims, batches] : {std::pair{&of_a, &left}, std::pair{&of_b, &right}})
    for (std::size_t i = 0; i < claims->size(); ++i) {
      if (i % batch == 0) batches->emplace_back();
      batches->back().push_back(success(std::move((*claims)[i])));
    }
  std::atomic<int> running{2};
  const auto settle_all = [&](delivery::DeliveryStore& store, const auto& batches) {
    for (const auto& one : batches) {
      for (;;) try {
          store.settle(one);
          break;
        } catch (const StoreUnavailable&) {
        }
    }
    --running;
  };
  std::thread first{[&] { settle_all(engine->store(), left); }};
  std::thread second{[&] { settle_all(engine->other_daemons_store(), right); }};
  std::vector<std::int64_t> seen;
  for (bool more = true; more;) {
    more = running > 0;
    for (const auto& entry : read(seen.empty() ? 0 : seen.back(), {}, 50)) seen.push_back(entry.sequence);
    more = more || seen.size() < static_cast<std::size_t>(2 * each);
  }
  first.join();
  second.join();
  ASSERT_THAT(seen, SizeIs(2 * each));
  for (int i = 0; i < 2 * each; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i + 1);
}

TEST_P(FeedContract, PublishingBeginsAtTheHeadAndOnlyMovesOn) {
  const auto destination = new_destination();
  given_pending(destination, 4);
  auto claims = claim(destination);
  settle(success(std::move(claims[0])));
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 1);
  settle(success(std::move(claims[1])));
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 1);
  const auto revision = engine->catalog().revision();
  EXPECT_TRUE(engine->feed().published(acme, 2, revision));
  EXPECT_TRUE(engine->feed().published(acme, 1, revision));
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 2);
  EXPECT_FALSE(engine->feed().published(acme, 3, revision + 1)) << "by a catalog that is not the current one";
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 2);
  EXPECT_EQ(engine->feed().publishing_cursor(globex), 0);
}

// In its own transaction: what is settled once the subscription is stored is behind the cursor, whoever publishes.
TEST_P(FeedContract, BeginsWithTheFirstSubscriptionAndNotWithTheNext) {
  const auto at = new_destination();
  given_pending(at, 3);
  auto claims = claim(at);
  settle(success(std::move(claims[0])));
  Destination listener;
  listener.tenant_id = acme;
  listener.name = listener.adapter = "webhook";
  listener.config = "{}";
  const auto subscribe = [&](std::vector<std::string> patterns) {
    listener.id = new_destination();
    listener.subscriptions = std::move(patterns);
    engine->catalog().put_destination(listener, entry(acme, audit::Action::destination_created));
  };
  engine->catalog().put_tenant({acme, "Acme", {}}, entry(acme));
  subscribe({"*", "ticket.*"});
  EXPECT_EQ(rows("integration_feed_cursors"), 0) << "neither means the feed";
  subscribe({"alert.*", "ticket.delivery.failed"});
  settle(success(std::move(claims[1])));
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 1);
  subscribe({"ticket.delivery.*"});
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 1);
  // One that was left behind by a subscription that is gone means nothing to the next one.
  engine->execute("DELETE FROM integration_destinations");
  subscribe({"ticket.delivery.*"});
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 2);
}

TEST_P(FeedContract, WhoIsNoLongerSubscribedIsForgottenByTheCurrentCatalogOnly) {
  const auto destination = new_destination();
  engine->feed().publishing_cursor(acme);
  engine->feed().publishing_cursor(globex);
  given_pending(destination, 1);
  settle(success(claim_one(destination)));
  const auto revision = engine->catalog().revision();
  const std::vector<TenantId> only_globex{globex};
  engine->feed().keep_publishing_only(only_globex, revision + 1);
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 0);
  engine->feed().keep_publishing_only(only_globex, revision);
  EXPECT_EQ(rows("integration_feed_cursors"), 1);
  EXPECT_EQ(engine->feed().publishing_cursor(acme), 1) << "begins anew at the head";
  engine->feed().keep_publishing_only({}, revision);
  EXPECT_EQ(rows("integration_feed_cursors"), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, FeedContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
