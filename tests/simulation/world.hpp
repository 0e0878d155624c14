#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "audit/hash_chain.hpp"
#include "simulation/lease_witness.hpp"
#include "sqlite/sqlite_audit_log.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_dead_letter_store.hpp"
#include "sqlite/sqlite_delivery_query.hpp"
#include "sqlite/sqlite_delivery_store.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "unit/delivery/engine.hpp"
#include "unit/delivery/faulty_delivery_store.hpp"
#include "unit/delivery/scripted_adapter.hpp"
#include "unit/delivery/stepped_transport.hpp"

namespace opi::simulation {

// Several daemons over one SQLite database and receivers of all moods, moved step by step by one seed: what is
// published, which service runs, what the receivers answer, what people do with dead letters, which daemon dies, how
// time passes, where the store fails. The same seed does the same. Every function throws Violation if an invariant is
// violated.
class World final {
 public:
  struct Options {
    int daemons = 3;
    int tenants = 2;
    int destinations_per_tenant = 3;
    int max_attempts = 4;
  };

  explicit World(std::uint64_t seed) : World(seed, Options{}) {}
  World(std::uint64_t seed, const Options& options);

  void step();
  // Nothing lost, nothing ended twice, attempts within the policy, audit chains unbroken.
  void check();
  // Ends all faults and lets every delivery come to its end, with all slots given back.
  void settle_everything();

  struct Totals {
    int published = 0, requests = 0, crashes = 0, faults = 0, delivered = 0, dead_lettered = 0;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  struct Daemon {
    test::SteppedTransport transport;
    std::unique_ptr<test::Engine> engine;  // gone before the transport that it sends with
    std::size_t seen = 0;                  // requests under way that were looked at
  };
  using Destinations = std::set<DestinationId>;
  struct Published {
    TenantId tenant;
    bool accepted = false;
    std::vector<Destinations> possible;  // whom it goes to, by the catalog at each try to store it
  };

  int pick(int below) { return static_cast<int>(random_.uniform() * below); }
  bool chance(double share) { return random_.uniform() < share; }
  void start_daemon(std::unique_ptr<Daemon>& place);
  test::StoreFault fault(test::StoreOperation operation);
  Destinations subscribers(const TenantId& tenant);
  void put(const Destination& destination);

  void publish();
  void submit(const std::string& id);
  void run_some_service();
  void run_service(Daemon& daemon, int which);
  void look_at_new_requests(Daemon& daemon);
  void answer_some_request();
  void answer(Daemon& daemon, std::size_t index, bool kindly);
  void crash_some_daemon();
  void pass_time();
  void change_catalog();
  void act_on_dead_letters();

  [[nodiscard]] int allowed_attempts(const DeliveryId& delivery) const {
    const auto known = replays_.find(delivery);
    return options_.max_attempts * (1 + (known == replays_.end() ? 0 : known->second));
  }
  std::vector<delivery::DeliveryView> all_deliveries(const TenantId& tenant);
  void check_events(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries);
  void check_delivery(const delivery::DeliveryView& delivery);
  void check_audit(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries);

  const Options options_;
  test::ManualClock clock_;
  test::SeededRandom random_;
  sqlite::SqliteDatabase database_{{.path = ":memory:"}};
  sqlite::SqliteDeliveryStore real_store_{database_, clock_};
  LeaseWitness witness_{real_store_, clock_};
  test::FaultyDeliveryStore store_{witness_};
  sqlite::SqliteCatalogStore catalog_store_{database_};
  sqlite::SqliteDeliveryQuery query_{database_};
  sqlite::SqliteDeadLetterStore dead_letters_{database_, clock_};
  sqlite::SqliteAuditLog audit_log_{database_};
  test::ScriptedRegistry registry_;
  std::vector<TenantId> tenants_;
  std::vector<Destination> destinations_;
  std::vector<std::unique_ptr<Daemon>> daemons_;

  std::map<std::string, Published> published_;          // by event id
  std::map<DeliveryId, delivery::DeliveryView> ended_;  // as they were first seen ended
  std::map<DeliveryId, int> replays_;
  std::set<DeliveryId> discarded_;
  std::set<DeliveryId> acknowledged_;        // a receiver answered 2xx
  std::map<TenantId, audit::Link> audited_;  // the last link that was verified
  std::map<std::string, int> ends_audited_;  // audit records of an end, by "delivery:<id>"
  double fault_share_ = 0.05;
  int outage_ = 0;  // operations for which the store is still away
  int next_event_ = 0, next_daemon_ = 0;
  Totals totals_;
};

}  // namespace opi::simulation
