#include "domain/ids.hpp"

#include <gtest/gtest.h>

#include "domain/event.hpp"
#include "domain/idempotency_key.hpp"
#include "domain/new_uuid.hpp"
#include "domain/role.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi {
namespace {

TEST(Uuid, Version7IsOrderedByTimeAndMarked) {
  const auto early =
      Uuid::v7(std::chrono::milliseconds{1'000}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  const auto late = Uuid::v7(std::chrono::milliseconds{1'001}, {});
  EXPECT_LT(early, late);
  EXPECT_EQ(late.to_string(), "00000000-03e9-7000-8000-000000000000");
  EXPECT_EQ(Uuid::parse(early.to_string()), early);
}

TEST(Uuid, TheSuccessorCountsAroundVersionAndVariant) {
  const auto after = [](const char* text) { return Uuid::parse(text)->successor().to_string(); };
  EXPECT_EQ(after("00000000-03e9-7000-8000-000000000000"), "00000000-03e9-7000-8000-000000000001");
  EXPECT_EQ(after("00000000-03e9-7000-80ff-ffffffffffff"), "00000000-03e9-7000-8100-000000000000");
  EXPECT_EQ(after("00000000-03e9-7000-bfff-ffffffffffff"), "00000000-03e9-7001-8000-000000000000");
  EXPECT_EQ(after("00000000-03e9-7fff-bfff-ffffffffffff"), "00000000-03ea-7000-8000-000000000000");
}

TEST(UuidSequence, IsInOrderWhateverTheClockDoes) {
  test::ManualClock clock;
  test::SeededRandom random{1};
  UuidSequence ids;
  auto last = ids.next(clock, random);
  for (int i = 0; i < 1000; ++i) {
    if (i == 500) clock.advance(std::chrono::milliseconds{7});
    if (i == 600) clock.jump(std::chrono::seconds{-10});
    const auto next = ids.next(clock, random);
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(Uuid, ParseRefusesEverythingButTheHyphenatedForm) {
  EXPECT_TRUE(Uuid::parse("018F3B6C-9D2E-7A40-8B11-0123456789AB"));
  for (const char* text : {"", "018f3b6c9d2e7a408b110123456789ab", "018f3b6c-9d2e-7a40-8b11-0123456789a",
                           "018f3b6c-9d2e-7a40-8b11-0123456789abc", "018f3b6c-9d2e-7a40-8b11-0123456789ag",
                           "018f3b6c+9d2e-7a40-8b11-0123456789ab"})
    EXPECT_FALSE(Uuid::parse(text)) << text;
}

TEST(TextIds, HaveALengthAndAnAlphabet) {
  EXPECT_TRUE(TenantId::parse(std::string(64, 'a')));
  EXPECT_FALSE(TenantId::parse(std::string(65, 'a')));
  EXPECT_FALSE(TenantId::parse(""));
  EXPECT_FALSE(TenantId::parse("Acme"));
  EXPECT_FALSE(TenantId::parse("a\n"));
  EXPECT_TRUE(EventId::parse(std::string(128, 'Z')));
  EXPECT_FALSE(EventId::parse(std::string(129, 'Z')));
  EXPECT_FALSE(EventId::parse("a b"));
}

TEST(IdempotencyKey, CanonicalFormIsVersionedAndInjective) {
  const auto destination = *DestinationId::parse("018f3b6c-9d2e-7a40-8b11-0123456789ab");
  const auto form = [&](const char* tenant, const char* event) {
    return idempotency_canonical_form(*TenantId::parse(tenant), destination, *EventId::parse(event));
  };
  EXPECT_EQ(form("acme", "e1"), "opi.idempotency.v1 4:acme 36:018f3b6c-9d2e-7a40-8b11-0123456789ab 2:e1");
  EXPECT_NE(form("a", "b:c"), form("a", "b.c"));
}

TEST(EventTypes, AreDottedLowerCaseNames) {
  EXPECT_TRUE(is_event_type("alert.created"));
  EXPECT_TRUE(is_event_type(std::string(128, 'a')));
  for (const char* text : {"", ".", "a.", ".a", "a..b", "A", "a b", "a*"}) EXPECT_FALSE(is_event_type(text)) << text;
  EXPECT_FALSE(is_event_type(std::string(129, 'a')));
}

TEST(Subscriptions, MatchExactlyByPrefixOrAll) {
  EXPECT_TRUE(subscription_matches("*", "alert.created"));
  EXPECT_TRUE(subscription_matches("alert.*", "alert.created"));
  EXPECT_FALSE(subscription_matches("alert.*", "alerting.created"));
  EXPECT_FALSE(subscription_matches("alert.*", "alert"));
  EXPECT_TRUE(subscription_matches("alert", "alert"));
  EXPECT_TRUE(is_subscription("alert.*") && is_subscription("*") && is_subscription("a.b"));
  EXPECT_FALSE(is_subscription("al*") || is_subscription(".*") || is_subscription("*.b") || is_subscription(""));
}

TEST(Subscriptions, MatchTheHostsOwnEventsOnlyIfTheyAreAboutNothingElse) {
  for (const char* broad : {"*", "ticket.*", "integration.*", "oneprotect.*"})
    for (const char* own : {"ticket.delivery.succeeded", "integration.alert.raised", "oneprotect.test"})
      EXPECT_FALSE(subscription_matches(broad, own)) << broad << " " << own;
  EXPECT_TRUE(subscription_matches("ticket.delivery.*", "ticket.delivery.succeeded"));
  EXPECT_TRUE(subscription_matches("integration.alert.*", "integration.alert.raised"));
  EXPECT_TRUE(subscription_matches("ticket.delivery.failed", "ticket.delivery.failed"));
  EXPECT_FALSE(subscription_matches("ticket.delivery.failed", "ticket.delivery.succeeded"));
  EXPECT_TRUE(subscription_matches("oneprotect.test", "oneprotect.test"));
  for (const char* others : {"ticket.created", "ticket.delivery", "ticket.delivery_note.sent", "integration.alert",
                             "integration.alerts.sent", "oneprotect.tests"}) {
    EXPECT_FALSE(is_host_event_type(others)) << others;
    EXPECT_TRUE(subscription_matches("*", others)) << others;
  }
}

TEST(Permissions, OfEveryRoleForEveryAction) {
  using enum Role;
  EXPECT_TRUE(may(producer, Action::publish_events));
  EXPECT_FALSE(may(auditor, Action::publish_events));
  EXPECT_FALSE(may(operator_, Action::publish_events));
  EXPECT_FALSE(may(tenant_admin, Action::publish_events));
  EXPECT_TRUE(may(system_admin, Action::publish_events));
  EXPECT_FALSE(may(producer, Action::read_deliveries));
  EXPECT_TRUE(may(auditor, Action::read_deliveries));
  EXPECT_TRUE(may(operator_, Action::read_deliveries));
  EXPECT_TRUE(may(tenant_admin, Action::read_deliveries));
  EXPECT_TRUE(may(system_admin, Action::read_deliveries));
}

}  // namespace
}  // namespace opi
