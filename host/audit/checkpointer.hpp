#pragma once
#include <functional>
#include <map>

#include "audit/chain_reader.hpp"

namespace opi::audit {

// Writes signed checkpoints into the trails. It signs only what it has read itself and what follows on what it read
// before: the chain that a daemon watches cannot be rewritten and then signed by it. One thread.
class Checkpointer {
 public:
  struct Options {
    std::int64_t records = 1'000;                                  // at so many unsigned ones, or
    std::chrono::milliseconds interval{std::chrono::minutes{15}};  // when one has been unsigned for so long
  };
  // `report` hears of a chain that does not hold; it is not signed, and told of again after the interval.
  using Report = std::function<void(const TenantId&, const std::string& fault)>;
  Checkpointer(AuditLog& log, const crypto::Ed25519Key& key, TrustedKeys trusted, const Clock& clock,
               const Options& options, Report report);

  // Looks at every chain once. Throws what the log throws; the next run goes on.
  void run_once();

 private:
  struct Watched {
    Link read;                   // what was read and holds up to here
    std::int64_t signed_to = 0;  // by a checkpoint of whomever; 0: none yet
    UnixTime unsigned_since{};
    UnixTime quiet_until{};  // after a fault
  };
  Watched begin(const TenantId& tenant);
  void look(const TenantId& tenant, const Link& head);
  [[nodiscard]] bool due(const Watched& watched, std::int64_t head) const;

  AuditLog& log_;
  const crypto::Ed25519Key& key_;
  const TrustedKeys trusted_;
  const Clock& clock_;
  const Options options_;
  const Report report_;
  std::map<TenantId, Watched> watched_;
};

}  // namespace opi::audit
