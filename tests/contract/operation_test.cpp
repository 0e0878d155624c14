#include "delivery/operation.hpp"

#include "contract/store_contract.hpp"

namespace opi::test {
namespace {

using delivery::Operation;
using delivery::OperationId;
using delivery::OperationKind;
using delivery::OperationState;
using delivery::StartResult;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class OperationContract : public StoreContract {
 protected:
  Operation operation(const TenantId& tenant) {
    Operation one;
    one.id = OperationId{new_uuid()};
    one.tenant = tenant;
    one.kind = OperationKind::cancel;
    one.filter = {.states = {DeliveryState::pending},
                  .destinations = {new_destination()},
                  .event_id = EventId::parse("e1"),
                  .event_type = "alert.created",
                  .correlation_id = "a \"b\"",
                  .alert_id = "A",
                  .evidence_id = "E",
                  .ticket_id = "Zürich",
                  .created_from = engine->clock.unix_now(),
                  .created_to = engine->clock.unix_now() + std::chrono::hours{1}};
    one.reason = "the \"customer\" left";
    one.rate_per_second = 7;
    one.actor_kind = audit::ActorKind::token;
    one.actor_id = "opi_abc";
    one.actor_role = "operator";
    one.created_at = one.updated_at = engine->clock.unix_now();
    one.counted = 42;
    return one;
  }
  StartResult start(const Operation& one) {
    return engine->operations().start(one, entry(one.tenant, audit::Action::operation_started));
  }
  Operation started(const TenantId& tenant) {
    auto one = operation(tenant);
    EXPECT_EQ(start(one), StartResult::started);
    return one;
  }
  bool cancel(const OperationId& id, const TenantId& tenant) {
    return engine->operations().cancel(tenant, id, entry(tenant, audit::Action::operation_cancelled));
  }
  std::vector<OperationId> running() {
    std::vector<OperationId> ids;
    for (const auto& one : engine->operations().running(100)) ids.push_back(one.id);
    return ids;
  }
  std::string sql_id(const OperationId& id) {
    auto hex = id.to_string();
    if (std::string_view{GetParam().name} == "postgres") return "'" + hex + "'";
    std::erase(hex, '-');
    return "x'" + hex + "'";
  }
  std::size_t audited(audit::Action action) {
    const auto records = engine->audit().read(acme, 0, 1'000);
    return static_cast<std::size_t>(
        std::ranges::count_if(records, [&](const auto& record) { return record.entry.action == action; }));
  }
};

TEST_P(OperationContract, AnOperationIsReadAsItWasStarted) {
  const auto one = started(acme);
  const auto read = engine->operations().find(acme, one.id).value();
  EXPECT_EQ(read.kind, OperationKind::cancel);
  EXPECT_EQ(delivery::request_text(read), delivery::request_text(one));
  EXPECT_EQ(read.filter.created_from, one.filter.created_from);
  EXPECT_EQ(read.rate_per_second, 7);
  EXPECT_EQ(read.reason, one.reason);
  EXPECT_EQ(read.actor_kind, audit::ActorKind::token);
  EXPECT_EQ(read.actor_id + read.actor_role, "opi_abcoperator");
  EXPECT_EQ(read.created_at, one.created_at);
  EXPECT_EQ(read.state, OperationState::running);
  EXPECT_EQ(read.counted, 42);
  EXPECT_EQ(read.done + read.failed, 0);
  EXPECT_FALSE(read.cursor || read.finished_at);
  EXPECT_EQ(audited(audit::Action::operation_started), 1U);
}

TEST_P(OperationContract, ItsProgressIsKeptUntilItEnds) {
  auto one = started(acme);
  one.done = 30;
  one.failed = 2;
  one.cursor = DeliveryId{new_uuid()};
  EXPECT_TRUE(engine->operations().advance(one));
  auto read = engine->operations().running(10).at(0);
  EXPECT_EQ(read.done, 30);
  EXPECT_EQ(read.failed, 2);
  EXPECT_EQ(read.cursor, one.cursor);
  one.state = OperationState::failed;
  one.error = "it cannot";
  one.finished_at = one.updated_at = engine->clock.unix_now() + std::chrono::seconds{1};
  EXPECT_TRUE(engine->operations().advance(one));
  read = engine->operations().find(acme, one.id).value();
  EXPECT_EQ(read.state, OperationState::failed);
  EXPECT_EQ(read.error, "it cannot");
  EXPECT_EQ(read.finished_at, one.finished_at);
  EXPECT_THAT(running(), IsEmpty());
  EXPECT_FALSE(engine->operations().advance(one)) << "it has ended";
}

TEST_P(OperationContract, WhatWasCancelledIsNotAdvanced) {
  auto one = started(acme);
  EXPECT_TRUE(cancel(one.id, acme));
  EXPECT_FALSE(cancel(one.id, acme));
  one.done = 1;
  EXPECT_FALSE(engine->operations().advance(one));
  const auto read = engine->operations().find(acme, one.id).value();
  EXPECT_EQ(read.state, OperationState::cancelled);
  EXPECT_TRUE(read.finished_at.has_value());
  EXPECT_EQ(read.done, 0);
  EXPECT_EQ(audited(audit::Action::operation_cancelled), 1U);
}

TEST_P(OperationContract, TenantsDoNotSeeEachOthers) {
  const auto mine = started(acme), theirs = started(globex);
  EXPECT_FALSE(engine->operations().find(acme, theirs.id).has_value());
  EXPECT_FALSE(cancel(theirs.id, acme));
  EXPECT_THAT(engine->operations().list(acme, {}, 10), SizeIs(1));
  EXPECT_THAT(running(), ElementsAre(mine.id, theirs.id)) << "the daemon works for all";
}

TEST_P(OperationContract, TenOfATenantRunAtATime) {
  std::vector<Operation> all;
  for (int i = 0; i < Operation::max_running; ++i) all.push_back(started(acme));
  EXPECT_EQ(start(operation(acme)), StartResult::too_many);
  EXPECT_EQ(start(operation(globex)), StartResult::started);
  cancel(all[3].id, acme);
  EXPECT_EQ(start(operation(acme)), StartResult::started);
  EXPECT_EQ(audited(audit::Action::operation_started), 11U);
}

TEST_P(OperationContract, TheyAreListedNewestFirstInPages) {
  std::vector<OperationId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(started(acme).id);
  const auto first = engine->operations().list(acme, {}, 2);
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].id, ids[2]);
  const auto second = engine->operations().list(acme, first[1].id, 2);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].id, ids[0]);
}

TEST_P(OperationContract, WhatANewerVersionStartedIsLeftToIt) {
  const auto known = started(acme), unknown = started(acme), strange = started(acme);
  engine->execute("UPDATE integration_operations SET kind = 'teleport' WHERE operation_id = " + sql_id(unknown.id));
  engine->execute(
      "UPDATE integration_operations SET request = '{\"filter\":{\"moon\":\"full\"},\"reason\":\"\"}' "
      "WHERE operation_id = " +
      sql_id(strange.id));
  EXPECT_THAT(running(), ElementsAre(known.id));
  EXPECT_EQ(engine->operations().find(acme, unknown.id)->kind, OperationKind::unknown);
  EXPECT_EQ(engine->operations().find(acme, strange.id)->kind, OperationKind::unknown);
  EXPECT_TRUE(cancel(unknown.id, acme));
}

TEST_P(OperationContract, RetentionRemovesThoseThatEnded) {
  engine->catalog().put_tenant({acme, "acme", {}}, entry(acme));
  const auto ended = started(acme), going = started(acme);
  cancel(ended.id, acme);
  const auto later = engine->clock.unix_now() + std::chrono::hours{48'000};
  EXPECT_EQ(engine->retention().remove_operations(acme, engine->clock.unix_now() - std::chrono::hours{48'000}, 10), 0);
  EXPECT_EQ(engine->retention().remove_operations(acme, later, 10), 1);
  EXPECT_TRUE(engine->operations().find(acme, going.id).has_value());
}

INSTANTIATE_TEST_SUITE_P(Stores, OperationContract,
                         testing::Values(EngineKind{"sqlite_file", make_sqlite_file_engine},
                                         EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
