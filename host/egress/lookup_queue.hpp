#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/ids.hpp"
#include "egress/resolver.hpp"
#include "foundation/fair_queue.hpp"
#include "foundation/tenant_shares.hpp"

namespace opi::egress {

// Who waits for which names, and which is looked up next. Tenants share the lookups by the rule of TenantShares, those
// that are under way, and those among them that are not slow yet, for which there are threads; and they take turns.
// Of each tenant, the names of one site (the last two labels) take turns with those of others. What a tenant's site
// does is held against that tenant's names alone: under a site such as co.uk others have names too. A name that
// several ask for is looked up once, when the first of them has his turn. Not thread-safe.
class LookupQueue {
 public:
  struct Options {
    std::size_t quick = 8;     // lookups at a time, as long as they are quick
    std::size_t lookups = 64;  // at a time, with slow ones
    std::size_t per_site = 4;  // of these, and of one tenant
    std::size_t waiting = 10'000;
  };
  struct Waiter {
    TenantId tenant;
    Resolver::Callback done;
  };
  using Waiters = std::vector<Waiter>;
  struct Lookup {
    std::string host;
    TenantId tenant;  // whose turn it was
    HeldPlace<TenantId> quick, place;
  };

  explicit LookupQueue(const Options& options)
      : options_(options), quick_(options.quick), lookups_(options.lookups), waiting_(options.waiting) {}

  // Why the tenant's question is not to be asked; empty: it may be.
  [[nodiscard]] std::string fault(const std::string& host, const TenantId& tenant) const;
  void ask(const std::string& host, const TenantId& tenant, Resolver::Callback done);

  // The next lookup to be made; nullopt if there is none that may.
  std::optional<Lookup> take();
  // Whether take() has one.
  [[nodiscard]] bool has_next() const;
  // It is slow: another may be made in its place.
  static void became_slow(Lookup& lookup) { lookup.quick = {}; }
  // It takes too long: who waits for it fails, and those who wait for other names of the tenant's site.
  Waiters became_overdue(const Lookup& lookup);
  // It has come back. Who waits for it, if its answer is one for them.
  Waiters returned(Lookup lookup, bool is_answer);
  void clear();

 private:
  static constexpr std::size_t max_remembered_zones = 1024;

  // A site, as one tenant sees it.
  struct Zone {
    std::deque<std::string> hosts;  // that wait
    std::size_t running = 0;
    bool suspect = false;  // its last lookup took too long
    bool in_turn = false;  // stands in turns_
  };
  using ZoneName = std::pair<TenantId, std::string>;
  struct Job {
    Waiters waiters;
    bool running = false;
  };

  [[nodiscard]] bool may_go(const TenantId& tenant) const;
  [[nodiscard]] std::size_t limit_of(const Zone& zone) const { return zone.suspect ? 1 : options_.per_site; }
  void offer(const ZoneName& name);
  std::string next_host(Zone& zone);
  Waiters take_waiters(const std::string& host, const TenantId* of = nullptr);

  const Options options_;
  TenantShares<TenantId> quick_, lookups_, waiting_;
  std::unordered_map<std::string, Job> jobs_;  // by host
  std::map<ZoneName, Zone> zones_;
  FairQueue<TenantId, std::string> turns_;  // sites with hosts that wait and a lookup to spare
};

}  // namespace opi::egress
