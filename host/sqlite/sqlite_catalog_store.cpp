#include "sqlite/sqlite_catalog_store.hpp"

#include <algorithm>

#include "sqlite/audit_chain.hpp"
#include "sqlite/query.hpp"
#include "sqlite/stored_catalog.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_revision{"catalog_revision", "SELECT revision FROM integration_catalog_revision"};

constexpr Statement write_revision{"raise_catalog_revision", "UPDATE integration_catalog_revision SET revision = ?"};

constexpr Statement upsert_tenant{"upsert_tenant", R"(
  INSERT INTO tenants (tenant_id, name) VALUES (?, ?) ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name)"};

constexpr Statement upsert_destination{"upsert_destination", R"(
  INSERT INTO integration_destinations (tenant_id, destination_id, name, adapter, endpoint, subscriptions, enabled,
    disabled_reason, signing, config, max_in_flight, rate_limit_per_second, revision)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant_id, destination_id) DO UPDATE
  SET name = excluded.name, adapter = excluded.adapter, endpoint = excluded.endpoint,
      subscriptions = excluded.subscriptions, enabled = excluded.enabled, disabled_reason = excluded.disabled_reason,
      signing = excluded.signing, config = excluded.config, max_in_flight = excluded.max_in_flight,
      rate_limit_per_second = excluded.rate_limit_per_second, revision = excluded.revision)"};

constexpr Statement delete_credentials{
    "delete_credentials", "DELETE FROM integration_credentials WHERE tenant_id = ? AND destination_id = ?"};

constexpr Statement insert_credential{"insert_credential", R"(
  INSERT INTO integration_credentials (tenant_id, destination_id, purpose, version, reference, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?))"};

constexpr Statement disable{"disable_destination", R"(
  UPDATE integration_destinations SET enabled = 0, disabled_reason = ?, revision = ?
  WHERE tenant_id = ? AND destination_id = ? AND enabled = 1)"};

std::int64_t current_revision(Connection& connection) {
  Query row{connection, read_revision};
  return row.step() ? row.int8(0) : 0;
}

// The order in which credentials are read back.
void sort_credentials(std::vector<Credential>& credentials) {
  std::ranges::sort(credentials, [](const Credential& a, const Credential& b) {
    return std::tie(a.purpose, b.version) < std::tie(b.purpose, a.version);
  });
}

void write_destination(Connection& connection, const Destination& one) {
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
      .run();
  Query{connection, delete_credentials}.text(one.tenant_id.str()).uuid(one.id.value).run();
  for (const auto& credential : one.credentials)
    Query{connection, insert_credential}
        .text(one.tenant_id.str())
        .uuid(one.id.value)
        .text(credential.purpose)
        .integer(credential.version)
        .text(credential.reference)
        .optional_time(credential.expires_at)
        .run();
  write_policy(connection, one.tenant_id, one.id, one.policy_override);
}

}  // namespace

std::int64_t SqliteCatalogStore::revision() { return current_revision(*database_.reader()); }

Catalog SqliteCatalogStore::load() {
  const auto session = database_.reader();
  Transaction snapshot{*session, Transaction::Kind::snapshot};
  Catalog catalog;
  catalog.revision = current_revision(*session);
  for (auto& tenant : read_tenants(*session)) catalog.tenants.emplace(tenant.id, tenant);
  for (auto& one : read_destinations(*session)) {
    const auto shared = std::make_shared<const Destination>(std::move(one));
    catalog.destinations.emplace(shared->id, shared);
    catalog.by_tenant[shared->tenant_id].push_back(shared);
  }
  return catalog;
}

bool SqliteCatalogStore::put_tenant(const Tenant& tenant, const audit::Entry& entry) {
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (const auto stored = read_tenants(*session, tenant.id); !stored.empty() && stored.front() == tenant) return false;
  Query{*session, upsert_tenant}.text(tenant.id.str()).text(tenant.name).run();
  write_policy(*session, tenant.id, DestinationId{}, tenant.policy);
  Query{*session, write_revision}.integer(current_revision(*session) + 1).run();
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
}

bool SqliteCatalogStore::put_destination(const Destination& destination, const audit::Entry& entry) {
  Destination wanted = destination;
  sort_credentials(wanted.credentials);
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (const auto stored = read_destinations(*session, wanted.id); !stored.empty()) {
    wanted.revision = stored.front().revision;
    if (stored.front() == wanted) return false;
  }
  wanted.revision = current_revision(*session) + 1;
  write_destination(*session, wanted);
  Query{*session, write_revision}.integer(wanted.revision).run();
  append_to_chains(*session, {&entry});
  transaction.commit();
  return true;
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
