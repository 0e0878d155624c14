#include "delivery/feed_publisher.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "delivery/envelope.hpp"
#include "delivery/idempotency.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;

class FeedPublishing : public test::WithEngine {
 protected:
  FeedPublishing() {
    // What is published goes to 1; 2 and 3 listen to what becomes of it.
    put(subscriber(1, {"alert.*"}));
  }
  static Destination subscriber(int n, std::vector<std::string> subscriptions) {
    auto d = test::destination(n);
    d.subscriptions = std::move(subscriptions);
    return d;
  }
  void subscribe(int n, std::vector<std::string> subscriptions) {
    put(subscriber(n, std::move(subscriptions)));
    engine().catalog.refresh();
    publisher().run_once();
  }
  FeedPublisher& publisher() {
    if (!publisher_)
      publisher_ = std::make_unique<FeedPublisher>(feed, store, engine().catalog, engine().news, engine().instruments,
                                                   FeedPublisher::Options{});
    return *publisher_;
  }
  void publish(const std::string& id) { engine().intake.submit({test::event(id)}); }
  // Every request under way is answered with `status`.
  void deliver_all(int status) {
    clock.advance(10h);
    dispatch();
    while (!transport.under_way.empty()) transport.answer(status);
    engine().settler.run_once();
  }
  // As another daemon stores it: this one's catalog stays as it was.
  static NewEvent routed(const std::string& id) {
    const auto parsed = test::event(id);
    DeliveryId delivery;
    delivery.value.bytes[6] = 0x70;
    return {parsed.event,
            parsed.content_hash,
            {{delivery, test::destination_id(1),
              idempotency_key(parsed.event.tenant_id, test::destination_id(1), parsed.event.event_id)}},
            {}};
  }
  std::vector<DeliveryView> to(int n) {
    return query.list(*TenantId::parse("acme"), {.destinations = {test::destination_id(n)}});
  }

  sqlite::SqliteDeliveryFeed feed{database};
  std::unique_ptr<FeedPublisher> publisher_;
};

TEST_F(FeedPublishing, SubscribersByNameGetTheFeedAsEvents) {
  subscribe(2, {"ticket.delivery.*"});
  subscribe(3, {"ticket.delivery.succeeded"});
  publish("e-1");
  deliver_all(200);
  publish("e-2");
  deliver_all(400);
  const int told = engine().work_here;
  publisher().run_once();
  EXPECT_EQ(engine().work_here, told + 1);
  ASSERT_EQ(to(2).size(), 2u);
  ASSERT_EQ(to(3).size(), 1u);
  EXPECT_EQ(to(3)[0].event_type, "ticket.delivery.succeeded");
  EXPECT_EQ(to(3)[0].correlation_id, "c-e-1");
  EXPECT_EQ(to(2)[0].event_id == to(3)[0].event_id, to(2)[0].event_type == "ticket.delivery.succeeded");
}

TEST_F(FeedPublishing, AWildcardIsNotASubscriptionToTheFeed) {
  subscribe(2, {"*"});
  subscribe(3, {"ticket.*"});
  publish("e-1");
  deliver_all(200);
  publisher().run_once();
  EXPECT_EQ(to(2).size(), 1u) << "e-1 itself";
  EXPECT_EQ(to(3).size(), 0u);
}

TEST_F(FeedPublishing, WhatBecomesOfItIsNotPublishedAgain) {
  subscribe(2, {"ticket.delivery.*"});
  subscribe(3, {"ticket.delivery.*"});
  publish("e-1");
  deliver_all(200);
  for (int round = 0; round < 5; ++round) {
    publisher().run_once();
    deliver_all(round % 2 == 0 ? 503 : 200);
  }
  EXPECT_EQ(to(2).size(), 1u);
  EXPECT_EQ(to(3).size(), 1u);
}

TEST_F(FeedPublishing, NobodyIsToldOfTheDeliveriesToItself) {
  subscribe(1, {"alert.*", "ticket.delivery.*"});
  subscribe(2, {"ticket.delivery.*"});
  publish("e-1");
  deliver_all(200);
  publisher().run_once();
  EXPECT_EQ(to(1).size(), 1u);
  EXPECT_EQ(to(2).size(), 1u);
}

TEST_F(FeedPublishing, BeginsWithWhatHappensAfterTheSubscription) {
  publisher().run_once();
  publish("e-1");
  deliver_all(200);
  subscribe(2, {"ticket.delivery.*"});
  publisher().run_once();
  EXPECT_EQ(to(2).size(), 0u);
  publish("e-2");
  deliver_all(200);
  publisher().run_once();
  ASSERT_EQ(to(2).size(), 1u);
  EXPECT_EQ(to(2)[0].correlation_id, "c-e-2");
}

TEST_F(FeedPublishing, ASubscriptionMissesNothingThatFollowsItAtOnce) {
  publish("e-0");
  deliver_all(200);
  publisher().run_once();
  put(subscriber(2, {"ticket.delivery.*"}));  // stored, and no look at it yet
  publish("e-1");
  deliver_all(200);
  engine().catalog.refresh();
  publisher().run_once();
  ASSERT_EQ(to(2).size(), 1u) << "and nothing from before it";
  EXPECT_EQ(to(2)[0].correlation_id, "c-e-1");
}

// Nothing of what happened is anybody's by the catalog that this daemon knows: no insertion tells it of a newer one.
TEST_F(FeedPublishing, AFurtherSubscriptionStoredByAnotherDaemonMissesNothing) {
  subscribe(2, {"ticket.delivery.failed"});
  put(subscriber(3, {"ticket.delivery.succeeded"}));
  store.insert({{routed("e-1")}}, catalog_store.revision());
  deliver_all(200);
  while (publisher().run_once() == 0ms) continue;
  EXPECT_EQ(to(3).size(), 1u);
  EXPECT_EQ(to(2).size(), 0u);
}

TEST_F(FeedPublishing, AnInsertWhoseAnswerWasLostIsNotRepeated) {
  subscribe(2, {"ticket.delivery.*"});
  publish("e-1");
  deliver_all(200);
  store.fail_next(test::StoreOperation::insert, test::StoreFault::in_doubt_done);
  EXPECT_THROW(publisher().run_once(), CommitInDoubt);
  publisher().run_once();
  EXPECT_EQ(to(2).size(), 1u);
  EXPECT_EQ(feed.publishing_cursor(*TenantId::parse("acme")), 1);
}

TEST_F(FeedPublishing, RoutesByTheCatalogOfTheTransaction) {
  subscribe(2, {"ticket.delivery.*"});
  publish("e-1");
  deliver_all(200);
  put(subscriber(3, {"ticket.delivery.*"}));  // this daemon has not noticed yet
  EXPECT_EQ(publisher().run_once(), 0ms);
  publisher().run_once();
  EXPECT_EQ(to(2).size(), 1u);
  EXPECT_EQ(to(3).size(), 1u);
}

TEST_F(FeedPublishing, TheEnvelopeNamesTheDelivery) {
  subscribe(2, {"ticket.delivery.*"});
  publish("e-1");
  deliver_all(503);
  const auto tenant = *TenantId::parse("acme");
  const auto event = feed_event(tenant, feed.read(tenant, 0, {}, 1).at(0));
  EXPECT_EQ(event.event_type, "ticket.delivery.retry_scheduled");
  EXPECT_EQ(event.schema_version, "1.0");
  EXPECT_EQ(event.source, "integrationsd");
  EXPECT_EQ(event.causation_id, "e-1");
  EXPECT_EQ(event.correlation_id, "c-e-1");
  EXPECT_TRUE(is_rfc3339(event.timestamp));
  const auto payload = boost::json::parse(event.payload).as_object();
  EXPECT_EQ(payload.at("state").as_string(), "retry_scheduled");
  EXPECT_EQ(payload.at("attempt").as_int64(), 1);
  EXPECT_EQ(payload.at("event_type").as_string(), "alert.created");
  EXPECT_TRUE(payload.at("ticket_id").is_null());
}

}  // namespace
}  // namespace opi::delivery
