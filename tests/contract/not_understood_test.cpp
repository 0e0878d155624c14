#include "contract/store_contract.hpp"

// What a newer version writes while this one still runs. The schema of that version would allow it; here its rules are
// put aside for the one row.
namespace opi::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Destination simple(const TenantId& tenant, const DestinationId& id) {
  Destination one;
  one.tenant_id = tenant;
  one.id = id;
  one.name = "receiver";
  one.adapter = "webhook";
  one.endpoint = "https://example.test/hook";
  one.subscriptions = {"*"};
  one.config = "{}";
  return one;
}

class NewerVersion : public StoreContract {
 protected:
  NewerVersion() {
    for (const auto& tenant : {acme, globex}) {
      Tenant one{tenant, tenant.str(), {}};
      one.policy.dead_letter = DeadLetterBehaviour::always;
      engine->catalog().put_tenant(one, entry(tenant));
    }
    for (const auto& id : {theirs, ours}) {
      auto one = simple(acme, id);
      one.policy_override.dead_letter = DeadLetterBehaviour::never;
      engine->catalog().put_destination(one, entry(acme));
    }
    engine->catalog().put_destination(simple(globex, others), entry(globex));
    if (!sqlite) {
      engine->execute("ALTER TABLE integration_destinations DROP CONSTRAINT integration_destinations_signing_check");
      engine->execute(
          "ALTER TABLE integration_destinations DROP CONSTRAINT integration_destinations_delivery_order_check");
      engine->execute(
          "ALTER TABLE integration_delivery_policy DROP CONSTRAINT integration_delivery_policy_dead_letter_check");
    } else {
      engine->execute("PRAGMA ignore_check_constraints = ON");
    }
  }
  void write(const std::string& table, const std::string& change, const DestinationId& id) {
    const auto hex = id.to_string();
    std::string digits;
    for (const char c : hex)
      if (c != '-') digits += c;
    engine->execute("UPDATE " + table + " SET " + change +
                    " WHERE destination_id = " + (sqlite ? "x'" + digits + "'" : "'" + hex + "'"));
  }
  Destination read(const DestinationId& id) { return *engine->catalog().load().destinations.at(id); }
  delivery::WriteResult put(const Destination& one) {
    return engine->catalog().write_destination(one, delivery::Expectation::anything(), entry(one.tenant_id));
  }

  const bool sqlite = std::string{GetParam().name}.starts_with("sqlite");
  const DestinationId theirs = new_destination(), ours = new_destination(), others = new_destination();
};

struct Form {
  const char *table, *change, *member;
  bool sqlite_only = false;
};

TEST_P(NewerVersion, WhatItWroteHoldsThatDestinationAlone) {
  const Form forms[] = {
      {"integration_destinations", "signing = 'detached'", "signing"},
      {"integration_destinations", "delivery_order = 'global'", "order"},
      {"integration_destinations", R"(request_authorization = '{"scheme":"dpop"}')", "authorization"},
      {"integration_destinations", R"(request_authorization = '{"scheme":"bearer","proof":"mac"}')", "authorization"},
      {"integration_destinations", "request_authorization = '\xc2\xa7'", "authorization"},
      {"integration_destinations", R"(subscriptions = '{"any":["*"]}')", "event_types", true},
      {"integration_delivery_policy", "dead_letter = 'sometimes'", "policy.dead_letter"},
      {"integration_delivery_policy", R"(retryable_statuses = '{"from":500}')", "policy.retryable_statuses", true},
  };
  for (const auto& form : forms) {
    if (form.sqlite_only && !sqlite) continue;  // a column's type forbids it
    SCOPED_TRACE(form.change);
    write(form.table, form.change, theirs);
    EXPECT_THAT(read(theirs).not_understood, HasSubstr(form.member));
    EXPECT_FALSE(read(theirs).served());
    EXPECT_THAT(read(ours).not_understood, IsEmpty());
    EXPECT_TRUE(read(ours).served());
    EXPECT_TRUE(read(others).served());
    // Written from here it would lose what it says.
    EXPECT_EQ(put(simple(acme, theirs)), delivery::WriteResult::newer);
    EXPECT_EQ(put(read(theirs)), delivery::WriteResult::newer);
    EXPECT_FALSE(read(theirs).served());
    engine->catalog().delete_destination(acme, theirs, delivery::Expectation::anything(), entry(acme));
    auto fresh = simple(acme, theirs);
    fresh.policy_override.dead_letter = DeadLetterBehaviour::never;
    EXPECT_EQ(put(fresh), delivery::WriteResult::stored);
    EXPECT_TRUE(read(theirs).served());
  }
}

TEST_P(NewerVersion, ATenantsPolicyHoldsItsDestinationsAndNobodyElses) {
  engine->execute("UPDATE integration_delivery_policy SET dead_letter = 'sometimes' WHERE tenant_id = 'acme'");
  EXPECT_THAT(engine->catalog().load().tenants.at(acme).not_understood, HasSubstr("policy.dead_letter"));
  EXPECT_FALSE(read(theirs).served());
  EXPECT_FALSE(read(ours).served());
  EXPECT_TRUE(read(others).served());
  const Tenant overwritten{acme, "acme", {}};
  EXPECT_EQ(engine->catalog().write_tenant(overwritten, delivery::Expectation::anything(), entry(acme)),
            delivery::WriteResult::newer);
}

// A change that says nothing new is none, whatever holds the destination.
TEST_P(NewerVersion, WhatTheTenantHoldsIsComparedByItsOwnContent) {
  engine->execute("UPDATE integration_delivery_policy SET dead_letter = 'sometimes' WHERE tenant_id = 'globex'");
  EXPECT_EQ(put(read(others)), delivery::WriteResult::unchanged);
}

INSTANTIATE_TEST_SUITE_P(Stores, NewerVersion,
                         testing::Values(EngineKind{"sqlite_memory", make_sqlite_memory_engine},
                                         EngineKind{"postgres", make_postgres_engine}),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace opi::test
