#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "simulation/daemon.hpp"
#include "sqlite/sqlite_catalog_store.hpp"
#include "sqlite/sqlite_delivery_feed.hpp"
#include "sqlite/sqlite_retention_store.hpp"
#include "support/seeded_random.hpp"

namespace opi::simulation {

enum class Neighbour {
  slow,        // its receivers answer 200, at the end of the timeout
  dead,        // they do not answer
  flooding,    // it publishes far more than its receivers are sent, which answer at once
  throttling,  // they answer 429
  spinning,    // its plugin takes all the time there is for each rendering
  hanging,     // its secrets' store does not answer
};
inline constexpr Neighbour all_neighbours[] = {Neighbour::slow,       Neighbour::dead,     Neighbour::flooding,
                                               Neighbour::throttling, Neighbour::spinning, Neighbour::hanging};

// One tenant that is well, beside neighbours that are not and have as much to send as they like: whose deliveries go
// when. Nothing fails but what ails the neighbours; database and processor take no time, so that what a delivery waits
// is what others make it wait.
class Neighbourhood final {
 public:
  Neighbourhood(const std::vector<Neighbour>& neighbours, int daemons);

  // The neighbours' backlogs fill what they can; then the tenant that is well publishes for so long.
  void run(std::chrono::milliseconds time);

  // So many of its deliveries become visible at once, behind what was claimed meanwhile: their transaction began that
  // long ago. Returns how long it took until the last of them was sent.
  std::chrono::milliseconds run_late(int deliveries, std::chrono::milliseconds lag);

  struct Seen {
    int published = 0, sent = 0;
    int beside = 0;                        // requests to the neighbours meanwhile
    std::chrono::milliseconds longest{0};  // from the commit of a delivery to its request
  };
  [[nodiscard]] const Seen& seen() const { return seen_; }

  static constexpr int slots = 256;     // of a daemon
  static constexpr int own_slots = 16;  // of the destination of the tenant that is well
  static constexpr std::chrono::milliseconds timeout{10'000}, answers{20}, every{40};

 private:
  void add_tenant(const std::string& name, int destinations, const std::string& secret);
  void add_daemon(int number);
  void publish(const std::string& tenant, int events);
  void run_until(MonoTime until);
  void at(std::chrono::milliseconds in, std::function<void()> what) {
    later_.emplace(clock_.mono_now() + in, std::move(what));
  }
  void look_at_requests(Daemon& daemon);
  Wire::Answer answer_to(const std::string& tenant, const std::string& event);

  test::ManualClock clock_;
  test::SeededRandom random_{1};
  Dice dice_{random_};
  Faults faults_{dice_};
  Findings findings_;
  sqlite::SqliteDatabase database_{{.path = ":memory:"}};
  Witness witness_{findings_, clock_, clock_};
  FleetModel fleet_{database_, clock_};
  InboxModel inbox_;
  sqlite::SqliteCatalogStore catalog_store_{database_};
  sqlite::SqliteDeliveryFeed feed_{database_};
  sqlite::SqliteRetentionStore retention_{database_};
  std::map<std::string, Neighbour> ills_;      // by tenant
  std::map<std::string, MonoTime> published_;  // the healthy tenant's events, until they are sent
  std::multimap<MonoTime, std::function<void()>> later_;
  std::vector<std::unique_ptr<Daemon>> daemons_;
  bool hangs_ = false;  // the call of a provider that is being made will
  int next_event_ = 0, next_destination_ = 0;
  Seen seen_;
};

}  // namespace opi::simulation
