#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>

#include "administration/actor.hpp"
#include "administration/change.hpp"
#include "delivery/catalog_cache.hpp"

namespace opi::administration {

// Reads, changes and writes one thing of the catalog, audited, and sees to it that this daemon's next look at the
// catalog finds the change. Thread-safe. Throws StoreUnavailable: nothing was changed.
class CatalogEditor {
 public:
  // The revision that the caller saw; nullopt if he does not say.
  using Seen = std::optional<std::int64_t>;

  // What an edit made of its copy.
  struct Edit {
    ChangeStatus status = ChangeStatus::done;
    std::vector<delivery::FieldError> errors;  // any: nothing is written
    boost::json::object details;               // for the audit trail
  };
  using DestinationEdit = std::function<Edit(Destination&, const Catalog&)>;
  using TenantEdit = std::function<Edit(Tenant&, const Catalog&)>;

  CatalogEditor(delivery::CatalogStore& store, delivery::CatalogCache& cache, const Clock& clock)
      : store_(store), cache_(cache), clock_(clock) {}

  // As the store has it now.
  std::shared_ptr<const Catalog> catalog();

  // As the store says (CatalogStore::secret_receivers).
  std::vector<delivery::SecretReceiver> secret_receivers(std::string_view scheme,
                                                         const std::optional<delivery::SecretReceiver>& after) {
    return store_.secret_receivers(scheme, after);
  }

  // `edit` changes a copy of what is stored. If somebody else was faster it is called again, unless the caller named a
  // revision: then the change is stale.
  DestinationChange edit(const TenantId& tenant, const DestinationId& id, Seen seen, const Actor& actor,
                         audit::Action action, const DestinationEdit& edit);
  TenantChange edit(const TenantId& id, Seen seen, const Actor& actor, audit::Action action, const TenantEdit& edit);

  DestinationChange create(const Destination& destination, const Actor& actor, const boost::json::object& details);
  TenantChange create(const Tenant& tenant, const Actor& actor, const boost::json::object& details);
  DestinationChange remove(const TenantId& tenant, const DestinationId& id, Seen seen, const Actor& actor);

 private:
  // These resolve CommitInDoubt by reading back.
  delivery::WriteResult write(const Destination& wanted, const delivery::Expectation& expected,
                              const audit::Entry& entry);
  delivery::WriteResult write(const Tenant& wanted, const delivery::Expectation& expected, const audit::Entry& entry);
  delivery::WriteResult erase(const Destination& stored, const delivery::Expectation& expected,
                              const audit::Entry& entry);
  DestinationChange result(delivery::WriteResult written, const DestinationId& id);
  TenantChange result(delivery::WriteResult written, const TenantId& id);

  delivery::CatalogStore& store_;
  delivery::CatalogCache& cache_;
  const Clock& clock_;
};

// The destination, if it is this tenant's.
std::shared_ptr<const Destination> find(const Catalog& catalog, const TenantId& tenant, const DestinationId& id);

}  // namespace opi::administration
