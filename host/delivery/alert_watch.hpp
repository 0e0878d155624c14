#pragma once
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "delivery/alert_causes.hpp"
#include "delivery/alert_store.hpp"
#include "delivery/catalog_cache.hpp"
#include "delivery/catalog_store.hpp"
#include "delivery/instruments.hpp"
#include "delivery/intake.hpp"

namespace opi::delivery {

// Raises an alert when a destination gets into trouble and clears it when that is over, each with an event for whoever
// subscribes to it. Goes round the tenants; all it knows stands in the store, so another daemon goes on where it was
// left. How many are active is in `opi_alerts_active`. For one thread.
class AlertWatch {
 public:
  struct Options {
    std::string daemon_id;
    std::chrono::milliseconds interval{15'000};  // between two rounds
    int rest = 20;                               // times what looking at a tenant took, before the next
    std::chrono::milliseconds longest_rest{5'000};
    std::chrono::milliseconds look_back{std::chrono::hours{24}};  // attempts before that are not looked at
    std::chrono::milliseconds kept{std::chrono::days{30}};        // what was cleared
    std::chrono::milliseconds remove_interval{std::chrono::hours{1}};
    std::size_t told_at_once = 20;  // events of a tenant in one round: what else is owed waits for the next ones
  };

  AlertWatch(AlertStore& store, CatalogStore& catalog_store, CatalogCache& catalog, Intake& intake,
             const Instruments& instruments, const Options& options)
      : store_(store),
        catalog_store_(catalog_store),
        catalog_(catalog),
        intake_(intake),
        instruments_(instruments),
        options_(options) {}

  // Looks at one tenant. After how long it is to be called again. Throws StoreUnavailable, CommitInDoubt,
  // IntakeClosed: the next run goes on at the same place.
  std::chrono::milliseconds run_once();

  // Another daemon leads: it tells how many are active.
  void stand_by();

 private:
  using Key = std::pair<DestinationId, AlertKind>;
  using Known = std::map<Key, Alert>;  // of each the youngest, which is the active one if there is one
  using Counts = std::array<int, all_alert_kinds.size()>;

  void look_at(const Catalog& catalog, const TenantId& tenant);
  void judge(const Catalog& catalog, const TenantId& tenant, const AlertRules& rules, Known& known);
  void tell(const Catalog& catalog, std::vector<Alert> alerts);
  void disable(const Destination& destination, const Alert& announced, const AlertSubject& subject);
  void publish_counts(const Counts& counts);

  AlertStore& store_;
  CatalogStore& catalog_store_;
  CatalogCache& catalog_;
  Intake& intake_;
  const Instruments instruments_;
  const Options options_;
  std::deque<TenantId> left_;  // of this round
  Counts counts_{};            // of this round
  bool removing_ = false;      // what is old, in this round
  MonoTime remove_at_{};
};

// What becomes of an alert. `last` is the youngest of its kind and destination, active or not; what is returned is to
// be stored, and nothing if all stays as it is. `fresh` is what a new one is made of. Pure.
std::optional<Alert> next_of(const std::optional<Alert>& last, const std::optional<AlertCause>& cause,
                             const AlertRules& rules, UnixTime now, const Alert& fresh);

}  // namespace opi::delivery
