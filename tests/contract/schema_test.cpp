#include "contract/store_contract.hpp"
#include "delivery/delivery_event.hpp"

namespace opi::test {
namespace {

// The schema restates the domain's names. Each is tried on the real CHECK; a name of no state never passes.

class SchemaContract : public StoreContract {
 protected:
  void SetUp() override {
    given_pending(destination_, 2);
    settle(success(claim_one(destination_)));
    claim_one(destination_);
  }
  bool accepts(const std::string& sql) {
    try {
      engine->execute(sql);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
  static std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }
  // A live row in the given shape; the lease columns are set exactly for leased.
  bool live_row_may_be(const std::string& state, int attempts, bool leased) {
    const bool sqlite = std::string{GetParam().name}.starts_with("sqlite");
    const std::string until = sqlite ? "locked_until_ms" : "locked_until";
    const std::string some_time = sqlite ? "1" : "now()";
    return accepts("UPDATE integration_outbox SET state = " + quoted(state) +
                   ", attempts = " + std::to_string(attempts) + ", locked_by = " + (leased ? "'d'" : "NULL") + ", " +
                   until + " = " + (leased ? some_time : "NULL"));
  }

 private:
  const DestinationId destination_ = new_destination();
};

TEST_P(SchemaContract, HotAndColdTablesTakeExactlyTheirStates) {
  for (const auto state : all_delivery_states) {
    const std::string name{to_string(state)};
    const bool leased = state == DeliveryState::delivering;
    const int attempts = state == DeliveryState::pending ? 0 : 1;
    EXPECT_EQ(live_row_may_be(name, attempts, leased), !is_terminal(state)) << name;
    EXPECT_EQ(accepts("UPDATE integration_deliveries SET state = " + quoted(name)), is_terminal(state)) << name;
  }
  EXPECT_FALSE(live_row_may_be("queued", 1, false));
  EXPECT_FALSE(accepts("UPDATE integration_deliveries SET state = 'discarded'"));
}

TEST_P(SchemaContract, ALeaseStandsExactlyWhileDelivering) {
  EXPECT_TRUE(live_row_may_be("delivering", 0, true));
  EXPECT_TRUE(live_row_may_be("delivering", 3, true));
  EXPECT_FALSE(live_row_may_be("delivering", 0, false));
  EXPECT_FALSE(live_row_may_be("pending", 0, true));
  EXPECT_FALSE(live_row_may_be("retry_scheduled", 1, true));
  EXPECT_FALSE(accepts("UPDATE integration_outbox SET locked_by = NULL WHERE state = 'delivering'"));
}

TEST_P(SchemaContract, PendingMeansNoAttemptAndRetryScheduledAtLeastOne) {
  EXPECT_TRUE(live_row_may_be("pending", 0, false));
  EXPECT_FALSE(live_row_may_be("pending", 1, false));
  EXPECT_TRUE(live_row_may_be("retry_scheduled", 1, false));
  EXPECT_FALSE(live_row_may_be("retry_scheduled", 0, false));
  EXPECT_FALSE(accepts("UPDATE integration_deliveries SET attempts = 0"));
}

TEST_P(SchemaContract, AttemptResultsAndDeliveryEventTypesAreTheDomains) {
  for (const auto* name : {"succeeded", "retryable", "terminal", "interrupted", "continued", "exploded"})
    EXPECT_EQ(accepts("UPDATE integration_delivery_attempts SET result = " + quoted(name)),
              parse_attempt_result(name).has_value())
        << name;
  for (const auto state : all_delivery_states)
    EXPECT_EQ(
        accepts("UPDATE integration_delivery_events SET event_type = " + quoted(delivery::delivery_event_type(state))),
        !delivery::delivery_event_type(state).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, SchemaContract,
                         testing::Values(EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
