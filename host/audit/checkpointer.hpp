#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "audit/chain_reader.hpp"
#include "audit/witness.hpp"

namespace opi::audit {

// Writes signed checkpoints into the trails. It signs only what it has read itself and what follows on what it read
// before, itself or, as its witness tells, a daemon that was stopped: the chain that a daemon watches cannot be
// rewritten and then signed by it. One thread.
class Checkpointer {
 public:
  struct Options {
    std::int64_t records = 1'000;                                  // at so many unsigned ones, or
    std::chrono::milliseconds interval{std::chrono::minutes{15}};  // when one has been unsigned for so long
  };
  // `report` hears of a chain that does not hold, by its tenant's stored name; it is not signed, and told of again
  // after the interval.
  using Report = std::function<void(const std::string& tenant, const std::string& fault)>;
  Checkpointer(AuditLog& log, const crypto::Ed25519Key& key, TrustedKeys trusted, Witness& witness, const Clock& clock,
               const Options& options, Report report);

  // Looks once at every chain that has a head, that it looked at before, or that is of one of `tenants`, which all have
  // one. What is wrong with one chain is no other's matter. Throws if the store cannot be reached; the next run goes
  // on.
  void run_once(const std::vector<TenantId>& tenants);

 private:
  struct Watched {
    Link read;                   // what was read and holds up to here
    bool looked = false;         // in this run of the program, and found whole
    std::int64_t signed_to = 0;  // by a checkpoint of whomever; 0: none yet
    UnixTime unsigned_since{};
  };
  Watched begin(const TenantId& tenant);
  void look(const TenantId& tenant, const Link& head);
  void look_or_tell(const TenantId& tenant, const Link& head);
  void tell(const std::string& tenant, const std::string& fault);
  [[nodiscard]] bool quiet(const std::string& tenant) const;
  [[nodiscard]] bool due(const Watched& watched, std::int64_t head) const;

  AuditLog& log_;
  const crypto::Ed25519Key& key_;
  const TrustedKeys trusted_;
  Witness& witness_;
  const Clock& clock_;
  const Options options_;
  const Report report_;
  std::map<TenantId, Watched> watched_;
  std::map<std::string, UnixTime> quiet_until_;  // after a fault, by the tenant's stored name
};

}  // namespace opi::audit
