#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_record.hpp"
#include "domain/catalog.hpp"
#include "domain/store_errors.hpp"

namespace opi::delivery {

// What the store must hold for a write to happen.
class Expectation {
 public:
  enum class Kind { anything, absent, present, revision };

  static Expectation anything() { return {Kind::anything, 0}; }
  static Expectation absent() { return {Kind::absent, 0}; }
  static Expectation present() { return {Kind::present, 0}; }
  static Expectation revision(std::int64_t revision) { return {Kind::revision, revision}; }

  // Whether what is stored forbids the write, and why; `stored` is its revision.
  [[nodiscard]] bool forbids_existing() const { return kind_ == Kind::absent; }
  [[nodiscard]] bool forbids_missing() const { return kind_ == Kind::present || kind_ == Kind::revision; }
  [[nodiscard]] bool is_stale(std::int64_t stored) const { return kind_ == Kind::revision && revision_ != stored; }

 private:
  Expectation(Kind kind, std::int64_t revision) : kind_(kind), revision_(revision) {}
  Kind kind_;
  std::int64_t revision_;
};

// A secret of a tenant was put for a receiver once (domain/receiver.hpp).
struct SecretReceiver {
  TenantId tenant;
  std::string reference, receiver;
  bool operator==(const SecretReceiver&) const = default;
};

// What a tenant's references make others read and keep; they need not exist.
struct SecretReceiverLimits {
  static constexpr int per_tenant = 10'000;
  static constexpr int page = 500;  // of one look
};

enum class WriteResult {
  stored,
  unchanged,  // equal content is stored already: nothing happened, nothing was audited
  stale,      // another revision than the expected one is stored
  missing,    // it is not there, or another tenant's
  exists,
  busy,       // a destination with live deliveries cannot be deleted
  newer,      // what is stored is a newer version's (Destination::not_understood): writing would lose what it says
  exhausted,  // the tenant has had secrets put for SecretReceiverLimits::per_tenant receivers; nothing is forgotten
};

// Tenants, destinations, credentials and policies. Every write raises the catalog's revision and chains its
// audit entry in the same transaction; the revision becomes that of what was written. Thread-safe.
// Throws StoreUnavailable, CommitInDoubt.
class CatalogStore {
 public:
  virtual ~CatalogStore() = default;
  virtual std::int64_t revision() = 0;
  virtual Catalog load() = 0;

  // Creates or replaces, as the expectation allows; a tenant with its policy, a destination with its credentials and
  // its policy. A credential without bound_to is put: it is bound to what the destination is now. Credentials that are
  // new or have another reference were created at the entry's time. Revisions and times of creation within the argument
  // mean nothing.
  virtual WriteResult write_tenant(const Tenant& tenant, const Expectation& expected, const audit::Entry& entry) = 0;
  virtual WriteResult write_destination(const Destination& destination, const Expectation& expected,
                                        const audit::Entry& entry) = 0;

  // With its credentials and policy, if it has no live delivery. What was delivered stays.
  virtual WriteResult delete_destination(const TenantId& tenant, const DestinationId& destination,
                                         const Expectation& expected, const audit::Entry& entry) = 0;

  // The receivers that credentials of this scheme were ever stored for, of all tenants: those behind `after` in the
  // order of the store, SecretReceiverLimits::page of them at most. Nothing leaves them.
  virtual std::vector<SecretReceiver> secret_receivers(std::string_view scheme,
                                                       const std::optional<SecretReceiver>& after) = 0;

  // False if it was disabled already or does not exist.
  virtual bool disable_destination(const TenantId& tenant, const DestinationId& destination, const std::string& reason,
                                   const audit::Entry& entry) = 0;

  // Create or replace whatever is there; false if that changed nothing.
  bool put_tenant(const Tenant& tenant, const audit::Entry& entry) {
    return write_tenant(tenant, Expectation::anything(), entry) == WriteResult::stored;
  }
  bool put_destination(const Destination& destination, const audit::Entry& entry) {
    return write_destination(destination, Expectation::anything(), entry) == WriteResult::stored;
  }
};

}  // namespace opi::delivery
