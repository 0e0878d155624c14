#include "simulation/daemon.hpp"

namespace opi::simulation {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

test::Engine::Options engine_options(const Daemon::Setup& setup) {
  test::Engine::Options options;
  options.daemon_id = setup.id;
  options.scheduler = setup.scheduler;
  options.settler.batch = 8;
  options.fleet.replaces = setup.replaces;
  options.secret_calls = setup.secret_calls;
  return options;
}

}  // namespace

Daemon::Daemon(const Place& place, const Setup& setup)
    : world_(place.world),
      id_(setup.id),
      clock_(place.world, setup.wall_skew, setup.mono_offset),
      session_(place.database, setup.id, clock_),
      plugins_(place.faults, place.findings),
      engine_({session_, session_, place.catalog}, plugins_, wire_, clock_, place.random, engine_options(setup)),
      inbox_(session_, engine_.intake, engine_.metrics, engine_.logger, {.batch = 20}),
      feed_(place.feed, session_, engine_.catalog, engine_.news, engine_.instruments, {}),
      retention_(place.retention, engine_.catalog, clock_, engine_.metrics, engine_.logger, {.ages = {}, .batch = 20}),
      catalog_(place.catalog),
      witness_(place.database.witness) {
  session_.catalog = &engine_.catalog;
  engine_.on_submit = [this] { engine_.intake.run_once(); };
  engine_.provider->asked = [&faults = place.faults](const auto&) { faults.somewhere(); };
  engine_.scheduler.update(engine_.fleet.current());  // nothing is its own before it has shown itself
  next_.fill(world_.mono_now());
}

std::chrono::milliseconds Daemon::run_once(Service service) {
  switch (service) {
    case Service::fleet: return engine_.fleet.run_once();
    case Service::catalog: return engine_.catalog.refresh(), 1'000ms;
    case Service::discovery: return engine_.discovery.run_once();
    case Service::settle: return engine_.settler.run_once();
    case Service::dispatch: return engine_.dispatcher.run_once();
    case Service::rescue: return lead([this] { return engine_.rescuer.run_once(); });
    case Service::inbox: return lead([this] { return inbox_.run_once(); });
    case Service::feed: return lead([this] { return feed_.run_once(); });
    case Service::retention: return lead([this] { return retention_.run_once(); });
    case Service::secrets: return engine_.secrets.run_once(), 500ms;
  }
  return 1h;
}

// What one daemon of all does for all.
milliseconds Daemon::lead(const std::function<milliseconds()>& run) {
  if (!engine_.fleet.leads()) return 1'000ms;
  witness_.leads(id_, engine_.fleet.current()->valid_until());
  return run();
}

void Daemon::run(Service service) {
  std::chrono::milliseconds wait = 1s;
  try {
    wait = run_once(service);
  } catch (const std::exception& failure) {
    engine_.logger.log(telemetry::Level::error, "service.failed", {{"error", failure.what()}});
  }
  next_[static_cast<std::size_t>(service)] = world_.mono_now() + wait;
  // As the daemon's listeners do: there may be new destinations, or such that come to it.
  if (service == Service::fleet || service == Service::catalog)
    next_[static_cast<std::size_t>(Service::discovery)] = world_.mono_now();
  wake();
}

void Daemon::wake() {
  const auto news = [](int& seen, int now) { return std::exchange(seen, now) != now; };
  const auto at = [this](Service service) -> MonoTime& { return next_[static_cast<std::size_t>(service)]; };
  const bool slots = news(seen_slots_, engine_.slots_freed);
  if (news(seen_work_, engine_.work_here + engine_.work_found) || slots)
    at(Service::dispatch) = std::min(at(Service::dispatch), world_.mono_now());
  if (news(seen_settlements_, engine_.settler_wakes))
    at(Service::settle) = std::min(at(Service::settle), world_.mono_now());
}

std::pair<MonoTime, Service> Daemon::next() const {
  std::size_t first = 0;
  for (std::size_t i = 1; i < next_.size(); ++i)
    if (next_[i] < next_[first]) first = i;
  return {std::max(next_[first], frozen_until_), static_cast<Service>(first)};
}

}  // namespace opi::simulation
