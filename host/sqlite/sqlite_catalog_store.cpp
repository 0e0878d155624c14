#include "sqlite/sqlite_catalog_store.hpp"

#include "delivery/authorization_fields.hpp"
#include "delivery/catalog_write.hpp"
#include "delivery/delivery_event.hpp"
#include "delivery/stored_alert_rules.hpp"
#include "delivery/stored_forms.hpp"
#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/stored_catalog.hpp"
#include "sqlite/stored_retention.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

using delivery::Expectation;
using delivery::WriteResult;

constexpr Statement read_revision{"catalog_revision", "SELECT revision FROM integration_catalog_revision"};

constexpr Statement write_revision{"raise_catalog_revision", "UPDATE integration_catalog_revision SET revision = ?"};

constexpr Statement upsert_tenant{"upsert_tenant", R"(
  INSERT INTO tenants (tenant_id, name, revision, alert_rules) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant_id) DO UPDATE
  SET name = excluded.name, revision = excluded.revision, alert_rules = excluded.alert_rules)"};

constexpr Statement upsert_destination{"upsert_destination", R"(
  INSERT INTO integration_destinations (tenant_id, destination_id, name, adapter, endpoint, subscriptions, enabled,
    disabled_reason, signing, config, max_in_flight, rate_limit_per_second, revision, delivery_order,
    request_authorization, filter)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_id, destination_id) DO UPDATE
  SET name = excluded.name, adapter = excluded.adapter, endpoint = excluded.endpoint,
      subscriptions = excluded.subscriptions, enabled = excluded.enabled, disabled_reason = excluded.disabled_reason,
      signing = excluded.signing, config = excluded.config, max_in_flight = excluded.max_in_flight,
      rate_limit_per_second = excluded.rate_limit_per_second, revision = excluded.revision,
      delivery_order = excluded.delivery_order, request_authorization = excluded.request_authorization,
      filter = excluded.filter)"};

constexpr Statement delete_credentials{
    "delete_credentials", "DELETE FROM integration_credentials WHERE tenant_id = ? AND destination_id = ?"};

constexpr Statement insert_credential{"insert_credential", R"(
  INSERT INTO integration_credentials (tenant_id, destination_id, purpose, version, reference, expires_at_ms,
    created_at_ms, bound_to)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))"};

constexpr Statement insert_receiver{"insert_secret_receiver", R"(
  INSERT OR IGNORE INTO integration_secret_receivers (tenant_id, reference, receiver) VALUES (?, ?, ?))"};

constexpr Statement count_receivers{"count_secret_receivers", R"(
  SELECT count(*) FROM (SELECT 1 FROM integration_secret_receivers WHERE tenant_id = ? LIMIT ?))"};

constexpr Statement select_receivers{"read_secret_receivers", R"(
  SELECT tenant_id, reference, receiver FROM integration_secret_receivers
  WHERE (reference, tenant_id, receiver) > (?, ?, ?) AND reference < ?
  ORDER BY reference, tenant_id, receiver LIMIT ?)"};

// The tenant's feed of delivery events is published from here on, if nobody subscribed to it before: see DeliveryFeed.
constexpr Statement begin_feed{"begin_feed", R"(
  INSERT INTO integration_feed_cursors (tenant_id, sequence)
  SELECT ?1, coalesce((SELECT sequence FROM integration_feed_heads WHERE tenant_id = ?1), 0)
  WHERE NOT EXISTS (SELECT 1 FROM integration_destinations d, json_each(d.subscriptions) s
                    WHERE d.tenant_id = ?1 AND s.value LIKE 'ticket.delivery.%')
  ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence)"};

constexpr Statement disable{"disable_destination", R"(
  UPDATE integration_destinations SET enabled = 0, disabled_reason = ?, revision = ?
  WHERE tenant_id = ? AND destination_id = ? AND enabled = 1)"};

// Deliveries of any state that a claim or a settlement may still touch.
constexpr Statement find_live_delivery{"destination_has_live_delivery",
                                       "SELECT 1 FROM integration_outbox WHERE destination_id = ? LIMIT 1"};

constexpr Statement remove_destination{
    "delete_destination", "DELETE FROM integration_destinations WHERE tenant_id = ? AND destination_id = ?"};

std::int64_t current_revision(Connection& connection) {
  Query row{connection, read_revision};
  return row.step() ? row.int8(0) : 0;
}

// False if the tenant has too many of them now: the transaction must not be committed.
bool remember_receivers(Connection& connection, const Destination& one) {
  std::int64_t added = 0;
  for (const auto& credential : one.credentials)
    added += Query{connection, insert_receiver}
                 .text(one.tenant_id.str())
                 .text(credential.reference)
                 .text(credential.bound_to)
                 .run();
  if (added == 0) return true;
  constexpr int limit = delivery::SecretReceiverLimits::per_tenant;
  Query counted{connection, count_receivers};
  counted.text(one.tenant_id.str()).integer(limit + 1);
  return counted.step() && counted.int8(0) <= limit;
}

void write_destination_rows(Connection& connection, const Destination& one) {
  Query{connection, upsert_destination}
      .text(one.tenant_id.str())
      .uuid(one.id.value)
      .text(one.name)
      .text(one.adapter)
      .text(one.endpoint)
      .text(json_of(one.subscriptions))
      .integer(one.enabled ? 1 : 0)
      .text(one.disabled_reason)
      .text(one.signing == SigningRule::disabled ? "disabled" : "required")
      .text(one.config)
      .integer(one.max_in_flight)
      .real(one.rate_limit_per_second)
      .integer(one.revision)
      .text(one.order == DeliveryOrder::subject ? "subject" : "none")
      .optional_text(delivery::stored_authorization(one))
      .optional_text(one.filter.empty() ? std::nullopt : std::optional{one.filter})
      .run();
  Query{connection, delete_credentials}.text(one.tenant_id.str()).uuid(one.id.value).run();
  for (const auto& credential : one.credentials) {
    Query{connection, insert_credential}
        .text(one.tenant_id.str())
        .uuid(one.id.value)
        .text(credential.purpose)
        .integer(credential.version)
        .text(credential.reference)
        .optional_time(credential.expires_at)
        .time(credential.created_at)
        .text(credential.bound_to)
        .run();
  }
  write_policy(connection, one.tenant_id, one.id, one.policy_override);
}

}  // namespace

std::int64_t SqliteCatalogStore::revision() { return current_revision(*database_.reader()); }

Catalog SqliteCatalogStore::load() {
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  const auto revision = current_revision(*session);
  auto tenants = read_tenants(*session);
  return delivery::assembled(revision, std::move(tenants), read_destinations(*session));
}

WriteResult SqliteCatalogStore::write_tenant(const Tenant& tenant, const Expectation& expected,
                                             const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto found = read_tenants(*session, tenant.id);
  const Tenant* stored = found.empty() ? nullptr : &found.front();
  Tenant wanted = tenant;
  wanted.revision = stored == nullptr ? 0 : stored->revision;
  if (const auto answer = delivery::settled_without_write(stored, wanted, expected)) return *answer;
  const auto next = current_revision(*session) + 1;
  Query{*session, upsert_tenant}
      .text(tenant.id.str())
      .text(tenant.name)
      .integer(next)
      .text(delivery::stored_text(tenant.alert_rules))
      .run();
  write_policy(*session, tenant.id, DestinationId{}, tenant.policy);
  write_retention(*session, tenant.id, tenant.retention);
  Query{*session, write_revision}.integer(next).run();
  append_to_chains(*session, {&entry});
  transaction.commit();
  return WriteResult::stored;
}

WriteResult SqliteCatalogStore::write_destination(const Destination& destination, const Expectation& expected,
                                                  const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto found = read_destinations(*session, destination.id);
  const bool ours = !found.empty() && found.front().tenant_id == destination.tenant_id;
  const Destination* stored = ours ? &found.front() : nullptr;
  Destination wanted = delivery::completed(destination, stored, entry.at);
  if (const auto answer = delivery::settled_without_write(stored, wanted, expected)) return *answer;
  wanted.revision = current_revision(*session) + 1;
  if (stored != nullptr) remember_receivers(*session, *stored);  // those of nobody are not there yet
  if (delivery::subscribes_to_feed(wanted)) Query{*session, begin_feed}.text(wanted.tenant_id.str()).run();
  write_destination_rows(*session, wanted);
  if (!remember_receivers(*session, wanted)) return WriteResult::exhausted;
  Query{*session, write_revision}.integer(wanted.revision).run();
  append_to_chains(*session, {&entry});
  transaction.commit();
  return WriteResult::stored;
}

WriteResult SqliteCatalogStore::delete_destination(const TenantId& tenant, const DestinationId& destination,
                                                   const Expectation& expected, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto found = read_destinations(*session, destination);
  if (found.empty() || found.front().tenant_id != tenant) return WriteResult::missing;
  if (expected.is_stale(found.front().revision)) return WriteResult::stale;
  if (Query{*session, find_live_delivery}.uuid(destination.value).step()) return WriteResult::busy;
  const auto next = current_revision(*session) + 1;
  remember_receivers(*session, found.front());
  write_policy(*session, tenant, destination, {});
  Query{*session, delete_credentials}.text(tenant.str()).uuid(destination.value).run();
  Query{*session, remove_destination}.text(tenant.str()).uuid(destination.value).run();
  Query{*session, write_revision}.integer(next).run();
  append_to_chains(*session, {&entry});
  transaction.commit();
  return WriteResult::stored;
}

std::vector<delivery::SecretReceiver> SqliteCatalogStore::secret_receivers(
    std::string_view scheme, const std::optional<delivery::SecretReceiver>& after) {
  const auto session = database_.reader();
  const std::string end = std::string(scheme) + ';';
  const std::string reference = after ? after->reference : std::string(scheme) + ':';
  const std::string tenant = after ? after->tenant.str() : "", receiver = after ? after->receiver : "";
  Query rows{*session, select_receivers};
  rows.text(reference).text(tenant).text(receiver).text(end).integer(delivery::SecretReceiverLimits::page);
  std::vector<delivery::SecretReceiver> receivers;
  while (rows.step()) receivers.push_back({TenantId::parse(rows.view(0)).value(), rows.string(1), rows.string(2)});
  return receivers;
}

bool SqliteCatalogStore::disable_destination(const TenantId& tenant, const DestinationId& destination,
                                             const std::string& reason, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  const auto next = current_revision(*session) + 1;
  const auto changed =
      Query{*session, disable}.text(reason).integer(next).text(tenant.str()).uuid(destination.value).run();
  if (changed == 0) return false;
  Query{*session, write_revision}.integer(next).run();
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

}  // namespace opi::sqlite
