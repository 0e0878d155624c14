#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>

#include "crypto/digest.hpp"
#include "delivery/idempotency.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace opi::test {
namespace {

using delivery::Claim;
using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

// What SQLite executes for one call, in steps of its virtual machine: work, whatever time that takes.
class SqliteCosts : public testing::Test {
 protected:
  using Steps = std::map<std::string, int>;
  static constexpr int leased = 20;

  // Of a delivery's way and of what is looked at beside it, while so many wait at its destination, and as many behind
  // the first one about their subject.
  Steps while_there_wait(int backlog) {
    sqlite::SqliteDatabase database{{.path = ":memory:"}};
    database.migrate();
    sqlite::SqliteDeliveryStore store{database, clock_};
    const DestinationId plain{new_uuid()}, ordered{new_uuid()}, busy{new_uuid()};
    given(store, plain, "", backlog);
    given(store, ordered, "ticket", backlog);
    clock_.advance(1s);
    Steps steps;
    const auto count = [&](const std::string& what, const auto& call) {
      steps_of(database);
      call();
      steps[what] = steps_of(database);
    };
    std::vector<Claim> claims;
    const auto claim = [&] { claims = store.claim({{{plain, leased}, {ordered, leased}}}, {"daemon-1", 30s}); };
    count("a look for what is due", [&] { EXPECT_THAT(store.due_destinations({{{plain}, {ordered}}}), SizeIs(2)); });
    count("a claim", claim);
    EXPECT_THAT(claims, SizeIs(leased + 1));
    count("a look for what is due behind leases", [&] {
      EXPECT_THAT(store.due_destinations({{{plain}, {ordered}}}), SizeIs(1));
    });
    count("a rescue of nothing", [&] { EXPECT_THAT(store.take_over_expired(500, "daemon-2", 30s), IsEmpty()); });
    count("a look for the stranded", [&] { EXPECT_EQ(store.wake_stranded(), 0); });
    clock_.advance(31s);
    count("a rescue", [&] { EXPECT_THAT(claims = store.take_over_expired(500, "daemon-2", 30s), SizeIs(leased + 1)); });
    count("a release", [&] { store.release(claims); });
    claim();
    std::vector<delivery::Settlement> settlements;
    for (auto& one : claims) settlements.push_back(success(std::move(one)));
    count("a settlement", [&] { EXPECT_THAT(store.settle(settlements), Each(delivery::SettleResult::settled)); });
    given(store, busy, "ticket", 2);
    given(store, busy, "", backlog);
    clock_.advance(1s);
    claims = store.claim({{{busy, 1}}}, {"daemon-1", 30s});
    EXPECT_EQ(claims.at(0)->subject, "ticket");
    settlements.clear();
    settlements.push_back(success(std::move(claims[0])));
    count("a settlement beside others that are due", [&] { store.settle(settlements); });
    EXPECT_EQ(store.wake_stranded(), 0) << "the next is woken";
    return steps;
  }

 private:
  Uuid new_uuid() {
    std::array<std::uint8_t, 10> entropy{};
    random_.fill(entropy);
    clock_.advance(1ms);
    return Uuid::v7(clock_.unix_now().time_since_epoch(), entropy);
  }

  void given(sqlite::SqliteDeliveryStore& store, const DestinationId& destination, const std::string& subject,
             int count) {
    std::vector<delivery::NewEvent> events;
    for (int i = 0; i < count; ++i) {
      auto& fresh = events.emplace_back();
      fresh.event.tenant_id = acme_;
      fresh.event.event_id = EventId::parse(destination.to_string() + subject + "e" + std::to_string(i)).value();
      fresh.event.event_type = "alert.created";
      fresh.event.payload = "{}";
      fresh.content_hash = crypto::sha256(fresh.event.payload);
      fresh.deliveries = {{DeliveryId{new_uuid()}, destination,
                           delivery::idempotency_key(acme_, destination, fresh.event.event_id), subject}};
    }
    ASSERT_THAT(store.insert(events, 0).results, Each(delivery::InsertResult::accepted));
  }

  delivery::Settlement success(Claim&& claim) {
    Attempt attempt;
    attempt.result = AttemptResult::succeeded;
    delivery::Decision decision;
    decision.next = DeliveryState::delivered;
    decision.result = AttemptResult::succeeded;
    audit::Entry entry;
    entry.tenant = acme_;
    return {std::move(claim), attempt, decision, new_uuid(), entry};
  }

  // Since it was asked before: of all statements there are.
  static int steps_of(sqlite::SqliteDatabase& database) {
    const auto session = database.writer();
    auto* const native = sqlite3_db_handle(session->compiled({"any", "SELECT 1"}));
    int steps = 0;
    for (auto* one = sqlite3_next_stmt(native, nullptr); one != nullptr; one = sqlite3_next_stmt(native, one))
      steps += sqlite3_stmt_status(one, SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
  }

  const TenantId acme_ = TenantId::parse("acme").value();
  ManualClock clock_;
  SeededRandom random_{20'260'101};
};

TEST_F(SqliteCosts, ByWhatIsDoneAndNotByWhatWaits) {
  const auto few = while_there_wait(50), many = while_there_wait(5'000);
  for (const auto& [what, steps] : few) {
    EXPECT_GT(steps, 0) << what;
    EXPECT_LE(many.at(what), steps + steps / 10) << what;
  }
}

}  // namespace
}  // namespace opi::test
