#include "domain/delivery_state.hpp"

#include <gtest/gtest.h>

namespace opi {
namespace {

TEST(DeliveryStateMachine, HasTheSixStatesOfTheProduct) {
  std::vector<std::string_view> names;
  for (const auto state : all_delivery_states) names.push_back(to_string(state));
  EXPECT_EQ(names, (std::vector<std::string_view>{"pending", "delivering", "retry_scheduled", "delivered", "failed",
                                                  "dead_lettered"}));
  for (const auto name : names) EXPECT_EQ(to_string(*parse_delivery_state(name)), name);
  EXPECT_FALSE(parse_delivery_state("queued"));
}

TEST(DeliveryStateMachine, DeliveredAndFailedAreSentAgainByAPersonAndHaveNoOtherExit) {
  for (const auto& row : delivery_transitions)
    if (row.from == DeliveryState::delivered || row.from == DeliveryState::failed) {
      EXPECT_EQ(row.trigger, DeliveryTrigger::resend);
      EXPECT_EQ(row.to, DeliveryState::retry_scheduled);
    }
}

TEST(DeliveryStateMachine, ADeadLetterIsMovedByAPersonOnly) {
  EXPECT_EQ(next_state(DeliveryState::dead_lettered, DeliveryTrigger::replay, true), DeliveryState::retry_scheduled);
  EXPECT_EQ(next_state(DeliveryState::dead_lettered, DeliveryTrigger::discard, true), DeliveryState::failed);
  for (const auto& row : delivery_transitions)
    EXPECT_TRUE(row.from != DeliveryState::dead_lettered || is_manual(row.trigger)) << to_string(row.to);
}

TEST(DeliveryStateMachine, WhatWaitsCanBeCancelledAndWhatIsUnderWayCannot) {
  EXPECT_EQ(next_state(DeliveryState::pending, DeliveryTrigger::cancel, true), DeliveryState::failed);
  EXPECT_EQ(next_state(DeliveryState::retry_scheduled, DeliveryTrigger::cancel, true), DeliveryState::failed);
  for (const auto& row : delivery_transitions)
    EXPECT_FALSE(row.from == DeliveryState::delivering && is_manual(row.trigger)) << to_string(row.to);
}

TEST(DeliveryStateMachine, AReleasedDeliveryGoesBackToWhereItCameFrom) {
  EXPECT_EQ(next_state(DeliveryState::delivering, DeliveryTrigger::release, false), DeliveryState::pending);
  EXPECT_EQ(next_state(DeliveryState::delivering, DeliveryTrigger::release, true), DeliveryState::retry_scheduled);
}

TEST(DeliveryStateMachine, OnlySuccessCountsAfterTheLeaseWasTakenOver) {
  EXPECT_EQ(next_state(DeliveryState::retry_scheduled, DeliveryTrigger::late_succeed, true), DeliveryState::delivered);
  EXPECT_FALSE(next_state(DeliveryState::retry_scheduled, DeliveryTrigger::retry, true));
  EXPECT_FALSE(next_state(DeliveryState::retry_scheduled, DeliveryTrigger::dead_letter, true));
}

}  // namespace
}  // namespace opi
