#include "simulation/world.hpp"

#include <algorithm>

namespace opi::simulation {

using namespace std::chrono_literals;

namespace {

// A service that has something to do again at once does so a few times; one that always has spins.
constexpr int runs_at_one_time = 5'000;

}  // namespace

audit::Entry entry(const TenantId& tenant, audit::Action action, std::string target) {
  audit::Entry e;
  e.tenant = tenant;
  e.actor_id = "simulation";
  e.action = action;
  e.target = std::move(target);
  return e;
}

World::Totals& World::Totals::operator+=(const Totals& other) {
  published += other.published;
  from_inbox += other.from_inbox;
  requests += other.requests;
  rated += other.rated;
  crashes += other.crashes;
  freezes += other.freezes;
  joins += other.joins;
  leaves += other.leaves;
  deliveries += other.deliveries;
  delivered += other.delivered;
  dead_lettered += other.dead_lettered;
  discarded += other.discarded;
  replayed += other.replayed;
  continued += other.continued;
  fed += other.fed;
  removed += other.removed;
  store_faults += other.store_faults;
  refused += other.refused;
  thrown += other.thrown;
  stalls += other.stalls;
  calm_ms += other.calm_ms;
  bound_ms += other.bound_ms;
  return *this;
}

World::World(std::uint64_t seed, const Options& options) : options_(options), random_(seed) {
  database_.migrate();
  inbox_.takes_in = [this](const std::vector<std::string>& events) { takes_in(events); };
  inbox_.took_in = [this](const std::vector<std::string>& events) { took_in(events); };
  policy_.max_attempts = options_.max_attempts;
  policy_.timeout = 1s;
  policy_.backoff_initial = 500ms;
  policy_.backoff_factor = 2.0;
  policy_.backoff_cap = 10s;
  policy_.retry_after_max = 20s;
  for (int t = 0; t < options_.tenants; ++t) {
    tenants_.push_back(*TenantId::parse("tenant-" + std::to_string(t)));
    const auto& tenant = tenants_.back();
    catalog_store_.put_tenant({tenant, tenant.str(), policy_},
                              entry(tenant, audit::Action::tenant_created, "tenant:" + tenant.str()));
    audited_[tenant] = audit::genesis(tenant);
    for (int n = 0; n < options_.destinations_per_tenant; ++n) {
      Destination d;
      d.tenant_id = tenant;
      d.id.value.bytes[0] = static_cast<std::uint8_t>(t + 1);
      d.id.value.bytes[15] = static_cast<std::uint8_t>(++next_destination_);
      d.name = "destination";
      d.adapter = "webhook";
      d.endpoint = "https://h.example/" + std::to_string(n);
      d.subscriptions = {n == 3 ? "ticket.delivery.*" : "*"};
      d.config = "{}";
      d.max_in_flight = 4;
      d.rate_limit_per_second = n == 1 ? 3 : 0;
      d.order = n == 2 ? DeliveryOrder::subject : DeliveryOrder::none;
      d.credentials = {{"signing", 1, "mem://key", std::nullopt}};
      destinations_.push_back(d);
      put(d);
    }
  }
  for (int i = 0; i < 2; ++i) start_daemon(std::nullopt);
  run_for(30s);
}

void World::put(const Destination& destination) {
  catalog_store_.put_destination(destination, entry(destination.tenant_id, audit::Action::destination_changed,
                                                    "destination:" + destination.id.to_string()));
}

void World::start_daemon(std::optional<std::string> replaces) {
  Daemon::Setup setup;
  setup.id = "daemon-" + std::to_string(next_daemon_++);
  setup.replaces = std::move(replaces);
  setup.wall_skew = dice_.up_to(4min) - 2min;
  setup.mono_offset = dice_.up_to(1h);
  setup.scheduler.breaker = {.failure_threshold = 4, .cooldown = 1s, .max_cooldown = 8s};
  setup.scheduler.max_in_flight = slots;
  setup.scheduler.claim_batch = 12;
  const DatabaseSession::World database{
      database_,
      server_,
      fleet_,
      inbox_,
      witness_,
      faults_,
      [this](const std::string& daemon, std::chrono::milliseconds time) { stand_still(daemon, time); }};
  daemons_.push_back(std::make_unique<Daemon>(
      Daemon::Place{clock_, database, catalog_store_, feed_, retention_, random_, faults_, findings_}, setup));
}

// Everything that wants to run runs at its time, one after the other.
void World::run_until(MonoTime until) {
  for (int runs = 0;;) {
    Daemon* next = nullptr;
    MonoTime when = until;
    std::optional<Service> service;
    for (const auto& daemon : daemons_) {
      if (standing_.contains(daemon->id())) continue;
      const auto [at, which] = daemon->next();
      if (at < when) next = daemon.get(), when = at, service = which;
      const MonoTime answered = daemon->frozen() ? MonoTime::max() : daemon->wire().next_answer();
      if (answered < when) next = daemon.get(), when = answered, service.reset();
    }
    if (const MonoTime now = clock_.mono_now(); when > now) {
      clock_.advance(std::chrono::ceil<std::chrono::milliseconds>(when - now));
      runs = 0;
    }
    if (next == nullptr) return;
    if (++runs > runs_at_one_time) throw Violation("daemon " + next->id() + " spins");
    if (service) {
      next->run(*service);
      after_run(*next, *service);
    } else {
      next->wire().deliver(clock_.mono_now());
      next->wake();
      look_at_requests(*next);
    }
    findings_.raise();
  }
}

void World::after_run(Daemon& daemon, Service service) {
  look_at_requests(daemon);
  if (service != Service::fleet && service != Service::catalog) return;
  Destinations own;
  const auto ownership = daemon.engine().fleet.current();
  for (const auto& d : destinations_)
    if (ownership->owns(d.id)) own.insert(d.id);
  witness_.owns(daemon.id(), own);
}

// The daemon waits for the database, or is stopped while it does; the others go on.
void World::stand_still(const std::string& daemon, std::chrono::milliseconds time) {
  if (standing_.size() >= 2) return;
  standing_.insert(daemon);
  run_for(time);
  standing_.erase(daemon);
}

void World::run_out_of_turn() {
  auto& daemon = some_daemon();
  const auto service = static_cast<Service>(dice_.pick(services));
  if (daemon.frozen()) return;
  daemon.run(service);
  after_run(daemon, service);
}

void World::step() {
  const int what = dice_.pick(100);
  if (what < 40)
    publish();
  else if (what < 60)
    run_out_of_turn();
  else if (what < 68)
    change_catalog();
  else if (what < 72)
    act_on_dead_letters();
  else if (what < 76)
    something_with_plugins();
  else if (what < 80)
    something_with_secrets();
  else if (what < 90)
    something_with_a_daemon();
  else
    something_with_time();
  for (const auto& daemon : daemons_) look_at_requests(*daemon);
  findings_.raise();
  run_for(dice_.up_to(dice_.chance(0.2) ? 5s : 300ms));
}

}  // namespace opi::simulation
