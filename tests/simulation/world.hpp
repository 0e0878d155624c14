#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "audit/hash_chain.hpp"
#include "simulation/daemon.hpp"
#include "sqlite/sqlite_audit_log.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_dead_letter_store.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "sqlite/sqlite_delivery_query.hpp"
#include "sqlite/sqlite_retention_store.hpp"
#include "support/seeded_random.hpp"

namespace opi::simulation {

// Several daemons over one database that behaves as PostgreSQL does, and receivers of all moods, moved by one seed:
// what is published, what the receivers answer, what people do with destinations and dead letters, which daemon joins,
// leaves, stands still or dies, which plugin or secret is away, how time passes, where the database or memory fails.
// The same seed does the same. Every function throws Violation if an invariant is violated.
class World final {
 public:
  struct Options {
    int most_daemons = 4;
    int tenants = 2;
    int destinations_per_tenant = 4;  // the second of each is limited in rate, the third served in order
    int max_attempts = 4;
  };

  static constexpr int slots = 24;  // of each daemon

  explicit World(std::uint64_t seed) : World(seed, Options{}) {}
  World(std::uint64_t seed, const Options& options);

  // Something happens, and then some time passes.
  void step();
  // Nothing lost, nothing ended twice, attempts within the policy, audit chains unbroken.
  void check();
  // Ends all faults; then everything that can go is gone within the bound, all slots are given back, and what the feed
  // tells has been told.
  void settle_everything();

  struct Totals {
    int published = 0, from_inbox = 0, requests = 0, rated = 0, crashes = 0, freezes = 0, joins = 0, leaves = 0;
    int deliveries = 0, delivered = 0, dead_lettered = 0, discarded = 0, replayed = 0, continued = 0, fed = 0,
        removed = 0;
    int store_faults = 0, refused = 0, thrown = 0, stalls = 0;
    long calm_ms = 0, bound_ms = 0;  // how long the end of everything took, and might have taken
    Totals& operator+=(const Totals& other);
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  using Destinations = std::set<DestinationId>;
  struct Published {
    TenantId tenant;
    bool accepted = false;
    std::vector<Destinations> possible;  // whom it goes to, by the catalog at each try to store it
  };

  // world.cpp: how it is set up and how time passes
  void put(const Destination& destination);
  void start_daemon(std::optional<std::string> replaces);
  void run_until(MonoTime until);
  void run_for(std::chrono::milliseconds time) { run_until(clock_.mono_now() + time); }
  void stand_still(const std::string& daemon, std::chrono::milliseconds time);
  void run_out_of_turn();
  void after_run(Daemon& daemon, Service service);
  Daemon& some_daemon() { return *dice_.one_of(daemons_); }

  // happenings.cpp: what may happen
  void publish();
  void publish_by_sql();
  void submit(const std::string& id);
  void takes_in(const std::vector<std::string>& events);
  void took_in(const std::vector<std::string>& events);
  Destinations subscribers(const TenantId& tenant);
  void change_catalog();
  void act_on_dead_letters();
  void something_with_plugins();
  void something_with_secrets();
  void something_with_a_daemon();
  void something_with_time();
  void set_server_clock(std::chrono::milliseconds by);

  // receivers.cpp: what becomes of requests
  void look_at_requests(Daemon& daemon);
  void check_request(Daemon& daemon, const delivery::HttpRequest& request, const DeliveryId& id);
  Wire::Answer answer_to(const delivery::HttpRequest& request, const DeliveryId& id);

  // invariants.cpp
  [[nodiscard]] int allowed_attempts(const DeliveryId& delivery, const DestinationId& destination) const;
  std::string attempts_of(const DestinationId& where, const DeliveryId& id);  // for whoever reads of a violation
  const Destination& destination(const DestinationId& id) const;
  std::vector<delivery::DeliveryView> all_deliveries(const TenantId& tenant);
  void check_events(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries);
  void check_removed(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries);
  void check_delivery(const delivery::DeliveryView& delivery);
  void check_audit(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries);

  // liveness.cpp
  void calm_down();
  void drain_inbox();
  std::vector<delivery::DeliveryView> what_can_go();
  std::chrono::milliseconds bound(const std::vector<delivery::DeliveryView>& live);
  void check_feed();

  const Options options_;
  test::ManualClock clock_;  // the world's: true time
  OffsetClock server_{clock_, std::chrono::milliseconds{0}, std::chrono::milliseconds{0}};
  std::chrono::milliseconds server_offset_{0}, server_peak_{0};
  test::SeededRandom random_;
  Dice dice_{random_};
  Faults faults_{dice_};
  Findings findings_;
  sqlite::SqliteDatabase database_{{.path = ":memory:"}};
  Witness witness_{findings_, server_, clock_};
  FleetModel fleet_{database_, server_};
  InboxModel inbox_;
  std::set<std::string> malformed_;  // events that were put into the inbox so
  sqlite::SqliteCatalogStore catalog_store_{database_};
  sqlite::SqliteDeliveryQuery query_{database_};
  sqlite::SqliteDeadLetterStore dead_letters_{database_, server_};
  sqlite::SqliteAuditLog audit_log_{database_};
  sqlite::SqliteDeliveryFeed feed_{database_};
  sqlite::SqliteRetentionStore retention_{database_};
  PolicyOverride policy_;
  std::vector<TenantId> tenants_;
  std::vector<Destination> destinations_;
  std::vector<std::unique_ptr<Daemon>> daemons_;
  std::set<std::string> standing_;  // daemons in the middle of something that takes long

  std::map<std::string, Published> published_;          // by event id
  std::map<DeliveryId, delivery::DeliveryView> ended_;  // as they were first seen ended
  std::map<std::string, Destinations> removed_;         // by retention, of each event
  std::map<DeliveryId, int> replays_;
  std::set<DeliveryId> discarded_;
  std::set<DeliveryId> acknowledged_;        // a receiver answered 2xx
  std::map<TenantId, audit::Link> audited_;  // the last link that was verified
  std::map<std::string, int> ends_audited_;  // audit records of an end, by "delivery:<id>"
  bool days_passed_ = false;
  int next_event_ = 0, next_daemon_ = 0, next_destination_ = 0;
  Totals totals_;
};

audit::Entry entry(const TenantId& tenant, audit::Action action, std::string target);

}  // namespace opi::simulation
