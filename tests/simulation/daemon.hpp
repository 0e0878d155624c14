#pragma once
#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "delivery/feed_publisher.hpp"
#include "delivery/inbox_drain.hpp"
#include "delivery/retention.hpp"
#include "simulation/clocks.hpp"
#include "simulation/database_session.hpp"
#include "simulation/plugins.hpp"
#include "simulation/wire.hpp"
#include "unit/delivery/engine.hpp"

namespace opi::simulation {

enum class Service { fleet, catalog, discovery, settle, dispatch, rescue, inbox, feed, retention, secrets };
inline constexpr int services = 10;

// One daemon: every service of it, run when its last answer or a wake says so, as its threads would.
class Daemon {
 public:
  struct Place {
    const Clock& world;
    const DatabaseSession::World& database;
    delivery::CatalogStore& catalog;
    delivery::DeliveryFeed& feed;
    delivery::RetentionStore& retention;
    Random& random;
    Faults& faults;
    Findings& findings;
  };
  struct Setup {
    std::string id;
    std::optional<std::string> replaces;
    std::chrono::milliseconds wall_skew{0}, mono_offset{0};
    delivery::Scheduler::Options scheduler;
    secrets::SecretBroker::Executor secret_calls = test::Engine::Options{}.secret_calls;
  };
  Daemon(const Place& place, const Setup& setup);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] test::Engine& engine() { return engine_; }
  [[nodiscard]] Wire& wire() { return wire_; }
  [[nodiscard]] OffsetClock& clock() { return clock_; }
  [[nodiscard]] SimulatedPlugins& plugins() { return plugins_; }

  // As a thread runs it: an exception is put off, and said to have happened in the log.
  void run(Service service);
  // The next of them, and when, on the world's clock.
  [[nodiscard]] std::pair<MonoTime, Service> next() const;
  // What has been told since to those that wait: they run now.
  void wake();
  // Nothing of it runs until then: SIGSTOP, or a call that does not come back.
  void freeze(MonoTime until) { frozen_until_ = std::max(frozen_until_, until); }
  [[nodiscard]] bool frozen() const { return world_.mono_now() < frozen_until_; }
  void thaw() { frozen_until_ = {}; }
  [[nodiscard]] bool idle() const { return wire_.under_way.empty() && engine_.settler.idle(); }

 private:
  std::chrono::milliseconds run_once(Service service);
  std::chrono::milliseconds lead(const std::function<std::chrono::milliseconds()>& run);

  const Clock& world_;
  const std::string id_;
  OffsetClock clock_;
  DatabaseSession session_;
  SimulatedPlugins plugins_;
  Wire wire_;  // outlives the engine that sends with it
  test::Engine engine_;
  delivery::InboxDrain inbox_;
  delivery::FeedPublisher feed_;
  delivery::Retention retention_;
  delivery::CatalogStore& catalog_;
  Witness& witness_;
  std::array<MonoTime, services> next_{};
  MonoTime frozen_until_{};
  int seen_work_ = 0, seen_settlements_ = 0, seen_slots_ = 0;
};

}  // namespace opi::simulation
