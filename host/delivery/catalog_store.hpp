#pragma once
#include <string>
#include <vector>

#include "audit/audit_record.hpp"
#include "domain/catalog.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// Tenants, destinations, credentials and policies. Every write raises the catalog's revision and chains its
// audit entry in the same transaction. Thread-safe. Throws StoreUnavailable, CommitInDoubt.
class CatalogStore {
 public:
  virtual ~CatalogStore() = default;
  virtual std::int64_t revision() = 0;
  virtual Catalog load() = 0;

  // Creates or replaces; a destination is stored with all its credentials. A no-op (equal content) changes
  // nothing and returns false.
  virtual bool put_tenant(const Tenant& tenant, const audit::Entry& entry) = 0;
  virtual bool put_destination(const Destination& destination, const audit::Entry& entry) = 0;

  // False if it was disabled already or does not exist.
  virtual bool disable_destination(const TenantId& tenant, const DestinationId& destination, const std::string& reason,
                                   const audit::Entry& entry) = 0;
};

}  // namespace opi::delivery
