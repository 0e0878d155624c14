#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sqlite/query.hpp"
#include "unit/delivery/engine_fixture.hpp"

namespace opi::delivery {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Not;

// Deliveries about one ticket, and deliveries in several requests, through the engine.
class OrderedDeliveries : public test::WithEngine {
 protected:
  OrderedDeliveries() {
    auto ordered = test::destination(1);
    ordered.order = DeliveryOrder::subject;
    put(ordered);
    engine().catalog.refresh();
  }
  void publish(const std::string& id, const std::string& ticket) {
    auto parsed = test::event(id);
    parsed.event.ticket_id = ticket;
    engine().intake.submit({parsed});
  }
  void answer(int status) {
    transport.answer(status, "");
    engine().settler.run_once();
    dispatch();
  }
};

TEST_F(OrderedDeliveries, TheUpdateFollowsItsCreateAtOnceAndIsToldTheReference) {
  registry.adapter->change_outcome = [](Outcome& outcome) { outcome.external_ref = "EXT-1"; };
  publish("create", "T-1");
  publish("update", "T-1");
  publish("other", "T-2");
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 2u) << "create and other";
  EXPECT_THAT(transport.under_way[0].request.headers, Not(Contains(Header{"x-prior", "EXT-1"})));
  answer(201);
  answer(201);
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_THAT(transport.under_way[0].request.headers, Contains(Header{"x-prior", "EXT-1"}));
}

TEST_F(OrderedDeliveries, AStepIsRenderedAgainWithItsCarry) {
  registry.adapter->change_outcome = [](Outcome& outcome) {
    outcome.verdict = Verdict::proceed;
    outcome.carry = "found=7";
  };
  publish("create", "T-1");
  publish("update", "T-1");
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  answer(200);
  ASSERT_EQ(transport.under_way.size(), 1u) << "the next step is due at once, the update still waits";
  EXPECT_THAT(transport.under_way[0].request.headers, Contains(Header{"x-step", "1"}));
  EXPECT_THAT(transport.under_way[0].request.headers, Contains(Header{"x-carry", "found=7"}));
  EXPECT_EQ(engine().metrics.attempts("continued").Value(), 1);

  registry.adapter->change_outcome = {};
  answer(503);
  clock.advance(6s);
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  EXPECT_THAT(transport.under_way[0].request.headers, Contains(Header{"x-carry", "found=7"}))
      << "the step is tried again";
  answer(200);
  ASSERT_EQ(transport.under_way.size(), 1u) << "the update's turn";
  EXPECT_THAT(transport.under_way[0].request.headers, Not(Contains(Header{"x-step", "1"})));
}

TEST_F(OrderedDeliveries, WhatIsStrandedIsWokenOnceAMinuteAndTheLogSaysSo) {
  static constexpr sqlite::Statement forget{"forget", "DELETE FROM integration_deliveries"};
  const auto strand = [&](const std::string& subject) {
    publish("create-" + subject, subject);
    publish("update-" + subject, subject);
    dispatch();
    answer(400);
    EXPECT_TRUE(transport.under_way.empty()) << "the dead-lettered create holds the update";
    sqlite::Query{*database.writer(), forget}.run();
  };
  strand("T-1");
  engine().rescuer.run_once();
  EXPECT_THAT(engine().logger.events(), Contains("delivery.stranded"));
  dispatch();
  ASSERT_EQ(transport.under_way.size(), 1u);
  answer(200);

  strand("T-2");
  engine().rescuer.run_once();
  dispatch();
  EXPECT_TRUE(transport.under_way.empty()) << "the look costs something: not at each round";
  clock.advance(60s);
  engine().rescuer.run_once();
  dispatch();
  EXPECT_EQ(transport.under_way.size(), 1u);
}

TEST_F(OrderedDeliveries, SecretsAreTakenOutOfACarry) {
  registry.adapter->change_outcome = [this](Outcome& outcome) {
    outcome.verdict = Verdict::proceed;
    outcome.carry = "echo " + engine().provider->value;
  };
  publish("create", "T-1");
  dispatch();
  answer(200);
  ASSERT_EQ(transport.under_way.size(), 1u);
  for (const auto& header : transport.under_way[0].request.headers)
    EXPECT_THAT(header.value, Not(testing::HasSubstr(engine().provider->value)));
}

}  // namespace
}  // namespace opi::delivery
