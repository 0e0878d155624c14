#include "postgres/postgres_catalog_store.hpp"

#include "delivery/authorization_fields.hpp"
#include "delivery/catalog_write.hpp"
#include "delivery/delivery_event.hpp"
#include "delivery/stored_alert_rules.hpp"
#include "delivery/stored_forms.hpp"
#include "postgres/audit_chain.hpp"
#include "postgres/intake_lock.hpp"
#include "postgres/stored_catalog.hpp"
#include "postgres/stored_retention.hpp"
#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using delivery::Expectation;
using delivery::WriteResult;

constexpr Statement read_revision{"catalog_revision", "SELECT revision FROM integration_catalog_revision"};

// Its row lock is what orders the catalog's writers.
constexpr Statement lock_revision{"lock_catalog_revision",
                                  "SELECT revision FROM integration_catalog_revision FOR UPDATE"};

constexpr Statement raise_revision{"raise_catalog_revision",
                                   "UPDATE integration_catalog_revision SET revision = $1::bigint"};

constexpr Statement upsert_tenant{"upsert_tenant", R"(
  INSERT INTO tenants (tenant_id, name, revision, alert_rules) VALUES ($1::text, $2::text, $3::bigint, $4::text)
  ON CONFLICT (tenant_id) DO UPDATE
  SET name = excluded.name, revision = excluded.revision, alert_rules = excluded.alert_rules, updated_at = now())"};

constexpr Statement upsert_destination{"upsert_destination", R"(
  INSERT INTO integration_destinations (tenant_id, destination_id, name, adapter, endpoint, subscriptions, enabled,
    disabled_reason, signing, config, max_in_flight, rate_limit_per_second, revision, delivery_order,
    request_authorization, filter)
  VALUES ($1::text, $2::uuid, $3::text, $4::text, $5::text, $6::text[], $7::boolean, $8::text, $9::text, $10::text,
          $11::int, $12::float8, $13::bigint, $14::text, $15::text, $16::text)
  ON CONFLICT (tenant_id, destination_id) DO UPDATE
  SET name = excluded.name, adapter = excluded.adapter, endpoint = excluded.endpoint,
      subscriptions = excluded.subscriptions, enabled = excluded.enabled, disabled_reason = excluded.disabled_reason,
      signing = excluded.signing, config = excluded.config, max_in_flight = excluded.max_in_flight,
      rate_limit_per_second = excluded.rate_limit_per_second, revision = excluded.revision,
      delivery_order = excluded.delivery_order,
      request_authorization = excluded.request_authorization, filter = excluded.filter, updated_at = now())"};

constexpr Statement delete_credentials{
    "delete_credentials",
    "DELETE FROM integration_credentials WHERE tenant_id = $1::text AND destination_id = $2::uuid"};

constexpr Statement insert_credential{"insert_credential", R"(
  INSERT INTO integration_credentials (tenant_id, destination_id, purpose, version, reference, expires_at,
    created_at, bound_to)
  VALUES ($1::text, $2::uuid, $3::text, $4::int, $5::text, $6::timestamptz, $7::timestamptz, $8::text))"};

// Writes to the catalog come one after the other: nobody inserts the same meanwhile.
constexpr Statement insert_receiver{"insert_secret_receiver", R"(
  INSERT INTO integration_secret_receivers (tenant_id, reference, receiver)
  SELECT $1::text, $2::text, $3::text
  WHERE NOT EXISTS (SELECT FROM integration_secret_receivers
                    WHERE tenant_id = $1::text AND reference = $2::text AND receiver = $3::text))"};

constexpr Statement count_receivers{"count_secret_receivers", R"(
  SELECT count(*) FROM (
    SELECT FROM integration_secret_receivers WHERE tenant_id = $1::text LIMIT $2::int) AS counted)"};

constexpr Statement select_receivers{"read_secret_receivers", R"(
  SELECT tenant_id, reference, receiver FROM integration_secret_receivers
  WHERE (reference, tenant_id, receiver) > ($1::text, $2::text, $3::text) AND reference < $4::text
  ORDER BY reference, tenant_id, receiver LIMIT $5::int)"};

// The tenant's feed of delivery events is published from here on, if nobody subscribed to it before: see DeliveryFeed.
constexpr Statement begin_feed{"begin_feed", R"(
  INSERT INTO integration_feed_cursors (tenant_id, sequence)
  SELECT $1::text, coalesce((SELECT sequence FROM integration_feed_heads WHERE tenant_id = $1::text), 0)
  WHERE NOT EXISTS (SELECT FROM integration_destinations d CROSS JOIN unnest(d.subscriptions) AS s (pattern)
                    WHERE d.tenant_id = $1::text AND starts_with(s.pattern, 'ticket.delivery.'))
  ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence)"};

constexpr Statement disable{"disable_destination", R"(
  UPDATE integration_destinations
  SET enabled = false, disabled_reason = $3::text, revision = $4::bigint, updated_at = now()
  WHERE tenant_id = $1::text AND destination_id = $2::uuid AND enabled)"};

// Waits for whoever brings a dead letter of it back to life.
constexpr Statement lock_destination{"lock_destination", R"(
  SELECT destination_id FROM integration_destinations WHERE tenant_id = $1::text AND destination_id = $2::uuid
  FOR UPDATE)"};

// Deliveries of any state that a claim or a settlement may still touch.
constexpr Statement has_live_delivery{
    "destination_has_live_delivery",
    "SELECT EXISTS (SELECT 1 FROM integration_outbox WHERE destination_id = $1::uuid)"};

constexpr Statement remove_destination{
    "delete_destination",
    "DELETE FROM integration_destinations WHERE tenant_id = $1::text AND destination_id = $2::uuid"};

// False if the tenant has too many of them now: the transaction must not be committed.
bool remember_receivers(Connection& connection, const Destination& one) {
  std::int64_t added = 0;
  for (const auto& credential : one.credentials)
    added += connection
                 .execute(insert_receiver,
                          Parameters{}.text(one.tenant_id.str()).text(credential.reference).text(credential.bound_to))
                 .affected();
  if (added == 0) return true;
  constexpr int limit = delivery::SecretReceiverLimits::per_tenant;
  return connection.execute(count_receivers, Parameters{}.text(one.tenant_id.str()).int4(limit + 1)).int8(0, 0) <=
         limit;
}

void write_destination_rows(Connection& connection, const Destination& one) {
  ArrayParameter subscriptions{ArrayParameter::Element::text};
  for (const auto& pattern : one.subscriptions) subscriptions.add(pattern);
  connection.execute(upsert_destination,
                     Parameters{}
                         .text(one.tenant_id.str())
                         .uuid(one.id.value)
                         .text(one.name)
                         .text(one.adapter)
                         .text(one.endpoint)
                         .array(subscriptions)
                         .boolean(one.enabled)
                         .text(one.disabled_reason)
                         .text(one.signing == SigningRule::disabled ? "disabled" : "required")
                         .text(one.config)
                         .int4(one.max_in_flight)
                         .float8(one.rate_limit_per_second)
                         .int8(one.revision)
                         .text(one.order == DeliveryOrder::subject ? "subject" : "none")
                         .optional_text(delivery::stored_authorization(one))
                         .optional_text(one.filter.empty() ? std::nullopt : std::optional{one.filter}));
  connection.execute(delete_credentials, Parameters{}.text(one.tenant_id.str()).uuid(one.id.value));
  for (const auto& credential : one.credentials) {
    connection.execute(insert_credential, Parameters{}
                                              .text(one.tenant_id.str())
                                              .uuid(one.id.value)
                                              .text(credential.purpose)
                                              .int4(credential.version)
                                              .text(credential.reference)
                                              .optional_time(credential.expires_at)
                                              .time(credential.created_at)
                                              .text(credential.bound_to));
  }
  write_policy(connection, one.tenant_id, one.id, one.policy_override);
}

}  // namespace

std::int64_t PostgresCatalogStore::revision() {
  auto session = database_.general().borrow();
  return session->execute(read_revision).int8(0, 0);
}

Catalog PostgresCatalogStore::load() {
  auto session = database_.general().borrow();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  const auto revision = session->execute(read_revision).int8(0, 0);
  auto tenants = read_tenants(*session);
  return delivery::assembled(revision, std::move(tenants), read_destinations(*session));
}

WriteResult PostgresCatalogStore::write_tenant(const Tenant& tenant, const Expectation& expected,
                                               const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  const auto next = session->execute(lock_revision).int8(0, 0) + 1;
  const auto found = read_tenants(*session, tenant.id);
  const Tenant* stored = found.empty() ? nullptr : &found.front();
  Tenant wanted = tenant;
  wanted.revision = stored == nullptr ? 0 : stored->revision;
  if (const auto answer = delivery::settled_without_write(stored, wanted, expected)) return *answer;
  session->execute(
      upsert_tenant,
      Parameters{}.text(tenant.id.str()).text(tenant.name).int8(next).text(delivery::stored_text(tenant.alert_rules)));
  write_policy(*session, tenant.id, DestinationId{}, tenant.policy);
  write_retention(*session, tenant.id, tenant.retention);
  session->execute(raise_revision, Parameters{}.int8(next));
  append_to_chains(*session, {&entry});
  transaction.commit();
  return WriteResult::stored;
}

WriteResult PostgresCatalogStore::write_destination(const Destination& destination, const Expectation& expected,
                                                    const audit::Entry& entry) {
  auto session = database_.tenant(destination.tenant_id);
  Transaction transaction{*session};
  const auto next = session->execute(lock_revision).int8(0, 0) + 1;
  const auto found = read_destinations(*session, destination.id);
  const bool ours = !found.empty() && found.front().tenant_id == destination.tenant_id;
  const Destination* stored = ours ? &found.front() : nullptr;
  Destination wanted = delivery::completed(destination, stored, entry.at);
  if (const auto answer = delivery::settled_without_write(stored, wanted, expected)) return *answer;
  wanted.revision = next;
  if (stored != nullptr) remember_receivers(*session, *stored);  // those of nobody are not there yet
  if (delivery::subscribes_to_feed(wanted)) session->execute(begin_feed, Parameters{}.text(wanted.tenant_id.str()));
  write_destination_rows(*session, wanted);
  if (!remember_receivers(*session, wanted)) return WriteResult::exhausted;
  session->execute(raise_revision, Parameters{}.int8(next));
  append_to_chains(*session, {&entry});
  transaction.commit();
  return WriteResult::stored;
}

WriteResult PostgresCatalogStore::delete_destination(const TenantId& tenant, const DestinationId& destination,
                                                     const Expectation& expected, const audit::Entry& entry) {
  auto session = database_.tenant(tenant);
  Transaction transaction{*session};
  const auto next = session->execute(lock_revision).int8(0, 0) + 1;
  const auto found = read_destinations(*session, destination);
  if (found.empty() || found.front().tenant_id != tenant) return WriteResult::missing;
  if (expected.is_stale(found.front().revision)) return WriteResult::stale;
  session->execute(lock_destination, Parameters{}.text(tenant.str()).uuid(destination.value));
  session->script(lock_out_intake, "lock out intake");
  if (session->execute(has_live_delivery, Parameters{}.uuid(destination.value)).boolean(0, 0)) return WriteResult::busy;
  remember_receivers(*session, found.front());
  write_policy(*session, tenant, destination, {});
  session->execute(remove_destination, Parameters{}.text(tenant.str()).uuid(destination.value));
  session->execute(raise_revision, Parameters{}.int8(next));
  append_to_chains(*session, {&entry});
  transaction.commit();
  return WriteResult::stored;
}

std::vector<delivery::SecretReceiver> PostgresCatalogStore::secret_receivers(
    std::string_view scheme, const std::optional<delivery::SecretReceiver>& after) {
  auto session = database_.general().borrow();
  const std::string first = std::string(scheme) + ':', end = std::string(scheme) + ';';
  const auto rows = session->execute(select_receivers, Parameters{}
                                                           .text(after ? after->reference : first)
                                                           .text(after ? after->tenant.str() : "")
                                                           .text(after ? after->receiver : "")
                                                           .text(end)
                                                           .int4(delivery::SecretReceiverLimits::page));
  std::vector<delivery::SecretReceiver> receivers;
  for (int i = 0; i < rows.size(); ++i)
    receivers.push_back({TenantId::parse(rows.text(i, 0)).value(), rows.string(i, 1), rows.string(i, 2)});
  return receivers;
}

bool PostgresCatalogStore::disable_destination(const TenantId& tenant, const DestinationId& destination,
                                               const std::string& reason, const audit::Entry& entry) {
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  const auto next = session->execute(lock_revision).int8(0, 0) + 1;
  const auto changed =
      session->execute(disable, Parameters{}.text(tenant.str()).uuid(destination.value).text(reason).int8(next));
  if (changed.affected() == 0) return false;
  session->execute(raise_revision, Parameters{}.int8(next));
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::postgres
