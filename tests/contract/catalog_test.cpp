#include "contract/store_contract.hpp"
#include "domain/receiver.hpp"
#include "domain/store_errors.hpp"

namespace opi::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

Destination destination_of(const TenantId& tenant, const DestinationId& id) {
  Destination one;
  one.tenant_id = tenant;
  one.id = id;
  one.name = "Zentrale – 東京";
  one.adapter = "webhook";
  one.endpoint = "https://example.test/hook?a=1";
  one.subscriptions = {"alert.*", "ticket.created", "with \"quotes\", commas and {braces}"};
  one.config = R"({"template":"{\"x\": 1}"})";
  one.max_in_flight = 7;
  one.rate_limit_per_second = 2.5;
  one.order = DeliveryOrder::subject;
  one.policy_override.max_attempts = 3;
  one.policy_override.backoff_jitter = 0.0;
  one.policy_override.retryable_statuses = std::vector<int>{};
  one.credentials = {{"signing", 2, "local://acme/signing/key/2", std::nullopt},
                     {"signing", 1, "local://acme/signing/key/1", UnixTime{1'800'000'000'123ms}},
                     {"auth", 1, "k8s://ns/secret/key", std::nullopt}};
  return one;
}

TEST_P(StoreContract, AnEmptyCatalogLoads) {
  const auto catalog = engine->catalog().load();
  EXPECT_EQ(catalog.revision, engine->catalog().revision());
  EXPECT_THAT(catalog.tenants, IsEmpty());
  EXPECT_THAT(catalog.destinations, IsEmpty());
}

TEST_P(StoreContract, ATenantComesBackWithItsPolicy) {
  Tenant tenant{acme, "Äcme", {}};
  tenant.policy.max_attempts = 4;
  tenant.policy.timeout = 1500ms;
  tenant.policy.backoff_initial = 10ms;
  tenant.policy.backoff_cap = 1h;
  tenant.policy.backoff_factor = 1.5;
  tenant.policy.backoff_jitter = 0.1;
  tenant.policy.retry_after_max = 2h;
  tenant.policy.dead_letter = DeadLetterBehaviour::on_exhaustion;
  tenant.policy.retryable_statuses = std::vector<int>{429, 503};
  EXPECT_TRUE(engine->catalog().put_tenant(tenant, entry(acme)));
  const auto catalog = engine->catalog().load();
  ASSERT_TRUE(catalog.tenants.contains(acme));
  tenant.revision = catalog.revision;
  EXPECT_EQ(catalog.tenants.at(acme), tenant);
}

TEST_P(StoreContract, ADestinationComesBackWithCredentialsAndPolicy) {
  engine->catalog().put_tenant({acme, "Acme", {}}, entry(acme));
  auto wanted = destination_of(acme, new_destination());
  EXPECT_TRUE(engine->catalog().put_destination(wanted, entry(acme, audit::Action::destination_created)));
  const auto catalog = engine->catalog().load();
  ASSERT_TRUE(catalog.destinations.contains(wanted.id));
  ASSERT_THAT(catalog.by_tenant.at(acme), SizeIs(1));
  auto stored = *catalog.destinations.at(wanted.id);
  for (auto& credential : wanted.credentials) credential.created_at = engine->clock.unix_now();
  bind_credentials(wanted);
  EXPECT_EQ(stored.revision, catalog.revision);
  ASSERT_THAT(stored.credentials, SizeIs(3));
  EXPECT_EQ(stored.credentials[0].purpose, "auth");
  EXPECT_EQ(stored.credentials[1], wanted.credentials[0]);  // the current version first
  EXPECT_EQ(stored.credentials[2], wanted.credentials[1]);
  stored.credentials = wanted.credentials;
  wanted.revision = stored.revision;
  EXPECT_EQ(stored, wanted);
}

TEST_P(StoreContract, EqualContentIsANoOp) {
  const Tenant tenant{acme, "Acme", {.max_attempts = 2}};
  auto destination = destination_of(acme, new_destination());
  ASSERT_TRUE(engine->catalog().put_tenant(tenant, entry(acme)));
  ASSERT_TRUE(engine->catalog().put_destination(destination, entry(acme)));
  const auto revision = engine->catalog().revision();
  const auto records = rows("audit_log");
  std::ranges::reverse(destination.credentials);  // their order says nothing
  EXPECT_FALSE(engine->catalog().put_tenant(tenant, entry(acme)));
  EXPECT_FALSE(engine->catalog().put_destination(destination, entry(acme)));
  EXPECT_EQ(engine->catalog().revision(), revision);
  EXPECT_EQ(rows("audit_log"), records);
}

TEST_P(StoreContract, EveryChangeRaisesTheRevisionAndIsAudited) {
  auto& catalog = engine->catalog();
  Tenant tenant{acme, "Acme", {}};
  auto destination = destination_of(acme, new_destination());
  std::int64_t revision = catalog.revision();
  int records = 0;
  const auto expect_change = [&](bool changed) {
    EXPECT_TRUE(changed);
    EXPECT_GT(catalog.revision(), revision);
    revision = catalog.revision();
    EXPECT_EQ(rows("audit_log"), ++records);
  };
  expect_change(catalog.put_tenant(tenant, entry(acme)));
  tenant.policy.timeout = 1s;
  expect_change(catalog.put_tenant(tenant, entry(acme)));
  tenant.policy = {};
  expect_change(catalog.put_tenant(tenant, entry(acme)));
  expect_change(catalog.put_destination(destination, entry(acme)));
  destination.credentials.pop_back();
  expect_change(catalog.put_destination(destination, entry(acme)));
  destination.policy_override.max_attempts.reset();
  expect_change(catalog.put_destination(destination, entry(acme)));
  destination.enabled = false;
  expect_change(catalog.put_destination(destination, entry(acme)));
  EXPECT_EQ(catalog.load().destinations.at(destination.id)->credentials.size(), 2U);
  EXPECT_EQ(catalog.load().destinations.at(destination.id)->policy_override, destination.policy_override);
}

TEST_P(StoreContract, DisablingHappensOnceAndKeepsTheReason) {
  auto& catalog = engine->catalog();
  catalog.put_tenant({acme, "Acme", {}}, entry(acme));
  const auto destination = destination_of(acme, new_destination());
  catalog.put_destination(destination, entry(acme));
  const auto before = catalog.revision();
  const auto disable = [&](const TenantId& tenant, const DestinationId& id) {
    return catalog.disable_destination(tenant, id, "410 Gone", entry(acme, audit::Action::destination_disabled));
  };
  EXPECT_FALSE(disable(globex, destination.id));
  EXPECT_FALSE(disable(acme, new_destination()));
  EXPECT_EQ(catalog.revision(), before);
  EXPECT_TRUE(disable(acme, destination.id));
  EXPECT_FALSE(disable(acme, destination.id));
  const auto stored = catalog.load().destinations.at(destination.id);
  EXPECT_FALSE(stored->enabled);
  EXPECT_EQ(stored->disabled_reason, "410 Gone");
  EXPECT_EQ(stored->revision, before + 1);
  EXPECT_EQ(stored->credentials.size(), 3U);
}

TEST_P(StoreContract, ADestinationNeedsItsTenantAndAnIdOfItsOwn) {
  auto& catalog = engine->catalog();
  const auto destination = destination_of(acme, new_destination());
  EXPECT_THROW(catalog.put_destination(destination, entry(acme)), StoreRefused);
  catalog.put_tenant({acme, "Acme", {}}, entry(acme));
  catalog.put_tenant({globex, "Globex", {}}, entry(globex));
  catalog.put_destination(destination, entry(acme));
  const auto revision = catalog.revision();
  auto stolen = destination;
  stolen.tenant_id = globex;
  EXPECT_THROW(catalog.put_destination(stolen, entry(globex)), StoreRefused);
  EXPECT_EQ(catalog.revision(), revision);
  EXPECT_EQ(catalog.load().destinations.at(destination.id)->tenant_id, acme);
}

TEST_P(StoreContract, ADestinationAtItsLimitsIsStoredAndBeyondThemRefused) {
  auto& catalog = engine->catalog();
  catalog.put_tenant({acme, "Acme", {}}, entry(acme));
  auto at_limits = destination_of(acme, new_destination());
  at_limits.name = std::string(DestinationLimits::name_length, 'n');
  at_limits.endpoint = std::string(DestinationLimits::endpoint_length, 'e');
  at_limits.config = std::string(DestinationLimits::config_bytes, 'c');
  at_limits.subscriptions = std::vector<std::string>(DestinationLimits::subscriptions, "*");
  at_limits.max_in_flight = DestinationLimits::max_in_flight;
  EXPECT_TRUE(catalog.put_destination(at_limits, entry(acme)));
  const auto expect_refused = [&](auto change) {
    auto beyond = at_limits;
    change(beyond);
    EXPECT_THROW(catalog.put_destination(beyond, entry(acme)), StoreRefused);
  };
  expect_refused([](Destination& one) { one.name += 'n'; });
  expect_refused([](Destination& one) { one.endpoint += 'e'; });
  expect_refused([](Destination& one) { one.config += 'c'; });
  expect_refused([](Destination& one) { one.subscriptions.push_back("*"); });
  expect_refused([](Destination& one) { one.max_in_flight += 1; });
  expect_refused([](Destination& one) { one.max_in_flight = 0; });
  expect_refused([](Destination& one) { one.rate_limit_per_second = -0.5; });
}

TEST_P(StoreContract, APolicyAtItsLimitsIsStoredAndBeyondThemRefused) {
  using Limits = PolicyLimits;
  auto& catalog = engine->catalog();
  const auto put = [&](const PolicyOverride& policy) {
    return catalog.put_tenant({acme, "Acme", policy}, entry(acme));
  };
  const PolicyOverride lowest{.max_attempts = Limits::min_attempts,
                              .timeout = Limits::min_timeout,
                              .backoff_initial = Limits::min_backoff,
                              .backoff_cap = Limits::min_backoff,
                              .retry_after_max = Limits::min_retry_after,
                              .backoff_factor = Limits::min_factor,
                              .backoff_jitter = 0.0};
  const PolicyOverride highest{.max_attempts = Limits::max_attempts,
                               .timeout = Limits::max_timeout,
                               .backoff_initial = Limits::max_backoff,
                               .backoff_cap = Limits::max_backoff,
                               .retry_after_max = Limits::max_retry_after,
                               .backoff_factor = Limits::max_factor,
                               .backoff_jitter = Limits::max_jitter};
  EXPECT_TRUE(put(lowest));
  EXPECT_TRUE(put(highest));
  const auto expect_refused = [&](const PolicyOverride& policy) { EXPECT_THROW(put(policy), StoreRefused); };
  expect_refused({.max_attempts = Limits::min_attempts - 1});
  expect_refused({.max_attempts = Limits::max_attempts + 1});
  expect_refused({.timeout = Limits::min_timeout - 1ms});
  expect_refused({.timeout = Limits::max_timeout + 1ms});
  expect_refused({.backoff_initial = Limits::min_backoff - 1ms});
  expect_refused({.backoff_initial = Limits::max_backoff + 1ms});
  expect_refused({.backoff_cap = Limits::max_backoff + 1ms});
  expect_refused({.backoff_factor = Limits::max_factor + 0.01});
  expect_refused({.retry_after_max = Limits::min_retry_after - 1ms});
  expect_refused({.retry_after_max = Limits::max_retry_after + 1ms});
  expect_refused({.backoff_jitter = Limits::max_jitter + 0.01});
}

}  // namespace
}  // namespace opi::test
