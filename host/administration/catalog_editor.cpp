#include "administration/catalog_editor.hpp"

#include "delivery/catalog_write.hpp"

namespace opi::administration {
namespace {

using delivery::Expectation;
using delivery::WriteResult;

// Changes by others that a change without a named revision outlasts.
constexpr int max_races = 10;

std::string target_of(const DestinationId& id) { return "destination:" + id.to_string(); }
std::string target_of(const TenantId& id) { return "tenant:" + id.str(); }

ChangeStatus status_of(WriteResult written) {
  switch (written) {
    case WriteResult::stored:
    case WriteResult::unchanged: return ChangeStatus::done;
    case WriteResult::stale: return ChangeStatus::stale;
    case WriteResult::missing: return ChangeStatus::missing;
    case WriteResult::exists: return ChangeStatus::exists;
    case WriteResult::busy: return ChangeStatus::busy;
    case WriteResult::newer: return ChangeStatus::newer;
    case WriteResult::exhausted: return ChangeStatus::invalid;
  }
  return ChangeStatus::missing;
}

// After CommitInDoubt, and a look at what is stored.
[[noreturn]] void not_stored() { throw StoreUnavailable("the connection was lost before the change was stored"); }

[[noreturn]] void give_up() { throw StoreUnavailable("the catalog changes faster than it can be edited"); }

}  // namespace

std::shared_ptr<const Destination> find(const Catalog& catalog, const TenantId& tenant, const DestinationId& id) {
  const auto found = catalog.destinations.find(id);
  return found == catalog.destinations.end() || found->second->tenant_id != tenant ? nullptr : found->second;
}

std::shared_ptr<const Catalog> CatalogEditor::catalog() {
  cache_.refresh();
  return cache_.current();
}

DestinationChange CatalogEditor::edit(const TenantId& tenant, const DestinationId& id, Seen seen, const Actor& actor,
                                      audit::Action action, const DestinationEdit& edit) {
  for (int race = 0; race < max_races; ++race) {
    const auto snapshot = catalog();
    const auto stored = find(*snapshot, tenant, id);
    if (!stored) return DestinationChange::of(ChangeStatus::missing);
    if (seen && *seen != stored->revision) return DestinationChange::of(ChangeStatus::stale);
    Destination wanted = *stored;
    auto made = edit(wanted, *snapshot);
    if (!made.errors.empty()) return DestinationChange::invalid(std::move(made.errors));
    if (made.status != ChangeStatus::done) return DestinationChange::of(made.status);
    const auto written = write(wanted, Expectation::revision(stored->revision),
                               entry_of(actor, tenant, action, target_of(id), made.details, clock_.unix_now()));
    if (written != WriteResult::stale || seen) return result(written, id);
  }
  give_up();
}

TenantChange CatalogEditor::edit(const TenantId& id, Seen seen, const Actor& actor, audit::Action action,
                                 const TenantEdit& edit) {
  for (int race = 0; race < max_races; ++race) {
    const auto snapshot = catalog();
    const auto stored = snapshot->tenants.find(id);
    if (stored == snapshot->tenants.end()) return TenantChange::of(ChangeStatus::missing);
    if (seen && *seen != stored->second.revision) return TenantChange::of(ChangeStatus::stale);
    Tenant wanted = stored->second;
    auto made = edit(wanted, *snapshot);
    if (!made.errors.empty()) return TenantChange::invalid(std::move(made.errors));
    if (made.status != ChangeStatus::done) return TenantChange::of(made.status);
    const auto written = write(wanted, Expectation::revision(stored->second.revision),
                               entry_of(actor, id, action, target_of(id), made.details, clock_.unix_now()));
    if (written != WriteResult::stale || seen) return result(written, id);
  }
  give_up();
}

DestinationChange CatalogEditor::create(const Destination& destination, const Actor& actor,
                                        const boost::json::object& details) {
  return result(write(destination, Expectation::absent(),
                      entry_of(actor, destination.tenant_id, audit::Action::destination_created,
                               target_of(destination.id), details, clock_.unix_now())),
                destination.id);
}

TenantChange CatalogEditor::create(const Tenant& tenant, const Actor& actor, const boost::json::object& details) {
  return result(write(tenant, Expectation::absent(),
                      entry_of(actor, tenant.id, audit::Action::tenant_created, target_of(tenant.id), details,
                               clock_.unix_now())),
                tenant.id);
}

DestinationChange CatalogEditor::remove(const TenantId& tenant, const DestinationId& id, Seen seen,
                                        const Actor& actor) {
  const auto snapshot = catalog();
  const auto stored = find(*snapshot, tenant, id);
  if (!stored) return DestinationChange::of(ChangeStatus::missing);
  const auto written = erase(*stored, seen ? Expectation::revision(*seen) : Expectation::present(),
                             entry_of(actor, tenant, audit::Action::destination_deleted, target_of(id),
                                      {{"name", stored->name}, {"adapter", stored->adapter}}, clock_.unix_now()));
  if (written == WriteResult::stored) cache_.refresh();
  return DestinationChange::of(status_of(written));
}

WriteResult CatalogEditor::write(const Destination& wanted, const Expectation& expected, const audit::Entry& entry) {
  try {
    return store_.write_destination(wanted, expected, entry);
  } catch (const CommitInDoubt&) {
    const auto now = catalog();
    const auto found = find(*now, wanted.tenant_id, wanted.id);
    if (!found || delivery::completed(wanted, found.get(), entry.at) != *found) not_stored();
    return WriteResult::stored;
  }
}

WriteResult CatalogEditor::write(const Tenant& wanted, const Expectation& expected, const audit::Entry& entry) {
  try {
    return store_.write_tenant(wanted, expected, entry);
  } catch (const CommitInDoubt&) {
    const auto now = catalog();
    const auto found = now->tenants.find(wanted.id);
    if (found == now->tenants.end() || found->second.name != wanted.name || found->second.policy != wanted.policy)
      not_stored();
    return WriteResult::stored;
  }
}

WriteResult CatalogEditor::erase(const Destination& stored, const Expectation& expected, const audit::Entry& entry) {
  try {
    return store_.delete_destination(stored.tenant_id, stored.id, expected, entry);
  } catch (const CommitInDoubt&) {
    const auto now = catalog();
    if (find(*now, stored.tenant_id, stored.id)) not_stored();
    return WriteResult::stored;
  }
}

DestinationChange CatalogEditor::result(WriteResult written, const DestinationId& id) {
  if (written == WriteResult::exhausted) return DestinationChange::invalid({delivery::too_many_receivers()});
  auto change = DestinationChange::of(status_of(written));
  if (change.status != ChangeStatus::done) return change;
  const auto now = catalog();
  const auto found = now->destinations.find(id);
  if (found == now->destinations.end()) return DestinationChange::of(ChangeStatus::missing);  // deleted since
  change.content = found->second;
  return change;
}

TenantChange CatalogEditor::result(WriteResult written, const TenantId& id) {
  auto change = TenantChange::of(status_of(written));
  if (change.status == ChangeStatus::done) change.content = catalog()->tenants.at(id);
  return change;
}

}  // namespace opi::administration
