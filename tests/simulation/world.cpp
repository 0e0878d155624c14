#include "simulation/world.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::simulation {
namespace {

using namespace std::chrono_literals;

audit::Entry entry(const TenantId& tenant, audit::Action action, std::string target) {
  audit::Entry e;
  e.tenant = tenant;
  e.actor_id = "simulation";
  e.action = action;
  e.target = std::move(target);
  return e;
}

delivery::ParsedEvent event(const TenantId& tenant, const std::string& id) {
  delivery::ParsedEvent parsed;
  parsed.event.tenant_id = tenant;
  parsed.event.event_id = *EventId::parse(id);
  parsed.event.event_type = "alert.created";
  parsed.event.schema_version = "1.0";
  parsed.event.source = "simulation";
  parsed.event.timestamp = "2026-11-23T15:04:05Z";
  parsed.event.payload = "{\"id\":\"" + id + "\"}";
  parsed.content_hash = crypto::sha256(parsed.event.payload);
  return parsed;
}

}  // namespace

World::World(std::uint64_t seed, const Options& options) : options_(options), random_(seed) {
  database_.migrate();
  store_.choose = [this](test::StoreOperation operation) { return fault(operation); };
  PolicyOverride policy;
  policy.max_attempts = options_.max_attempts;
  policy.timeout = 1s;
  policy.backoff_initial = 500ms;
  policy.backoff_factor = 2.0;
  policy.backoff_cap = 10s;
  for (int t = 0; t < options_.tenants; ++t) {
    tenants_.push_back(*TenantId::parse("tenant-" + std::to_string(t)));
    const auto& tenant = tenants_.back();
    catalog_store_.put_tenant({tenant, tenant.str(), policy},
                              entry(tenant, audit::Action::tenant_created, "tenant:" + tenant.str()));
    audited_[tenant] = audit::genesis(tenant);
    for (int n = 0; n < options_.destinations_per_tenant; ++n) {
      Destination d;
      d.tenant_id = tenant;
      d.id.value.bytes[0] = static_cast<std::uint8_t>(t + 1);
      d.id.value.bytes[15] = static_cast<std::uint8_t>(n + 1);
      d.name = "destination";
      d.adapter = "webhook";
      d.endpoint = "https://h.example/" + std::to_string(n);
      d.subscriptions = {"*"};
      d.config = "{}";
      d.max_in_flight = 4;
      d.rate_limit_per_second = n == 2 ? 20 : 0;
      d.credentials = {{"signing", 1, "mem://key", std::nullopt}};
      destinations_.push_back(d);
      put(d);
    }
  }
  daemons_.resize(static_cast<std::size_t>(options_.daemons));
  for (auto& daemon : daemons_) start_daemon(daemon);
}

void World::put(const Destination& destination) {
  catalog_store_.put_destination(destination, entry(destination.tenant_id, audit::Action::destination_changed,
                                                    "destination:" + destination.id.to_string()));
}

void World::start_daemon(std::unique_ptr<Daemon>& place) {
  place = std::make_unique<Daemon>();
  test::Engine::Options options;
  options.daemon_id = "daemon-" + std::to_string(next_daemon_++);
  options.scheduler.breaker = {.failure_threshold = 4, .cooldown = 1s, .max_cooldown = 8s};
  options.settler.batch = 8;
  place->engine =
      std::make_unique<test::Engine>(store_, catalog_store_, registry_, place->transport, clock_, random_, options);
  auto& intake = place->engine->intake;
  place->engine->on_submit = [&intake] { intake.run_once(); };
}

test::StoreFault World::fault(test::StoreOperation operation) {
  using test::StoreFault;
  if (outage_ > 0) {
    --outage_;
    return StoreFault::unavailable;
  }
  if (!chance(fault_share_)) return StoreFault::none;
  ++totals_.faults;
  if (chance(0.1)) outage_ = pick(20);
  const bool writes = operation != test::StoreOperation::stored && operation != test::StoreOperation::discover;
  switch (pick(writes ? 3 : 1)) {
    case 0: return StoreFault::unavailable;
    case 1: return StoreFault::in_doubt_done;
    default: return StoreFault::in_doubt_lost;
  }
}

void World::step() {
  const int what = pick(100);
  if (what < 15)
    publish();
  else if (what < 60)
    run_some_service();
  else if (what < 85)
    answer_some_request();
  else if (what < 95)
    pass_time();
  else if (what < 97)
    change_catalog();
  else if (what < 98)
    act_on_dead_letters();
  else
    crash_some_daemon();
}

// Events that the producer got no good answer for are sent again, as a producer does.
void World::publish() {
  for (const auto& [id, known] : published_)
    if (!known.accepted && chance(0.5)) return submit(id);
  const std::string id = "e-" + std::to_string(next_event_++);
  published_[id].tenant = tenants_[static_cast<std::size_t>(pick(options_.tenants))];
  submit(id);
}

World::Destinations World::subscribers(const TenantId& tenant) {
  Destinations result;
  const auto catalog = catalog_store_.load();
  for (const auto& d : catalog.by_tenant.at(tenant)) result.insert(d->id);
  return result;
}

void World::submit(const std::string& id) {
  Published& known = published_.at(id);
  known.possible.push_back(subscribers(known.tenant));
  auto& engine = *daemons_[static_cast<std::size_t>(pick(options_.daemons))]->engine;
  try {
    const auto results = engine.intake.submit({event(known.tenant, id)});
    if (results.front() == delivery::InsertResult::conflict) throw Violation("event " + id + " conflicts with itself");
    const bool first = known.possible.size() == 1;
    if (first && results.front() != delivery::InsertResult::accepted)
      throw Violation("event " + id + " was new and is called a duplicate");
    known.accepted = true;
    ++totals_.published;
  } catch (const CommitInDoubt&) {
    // Likewise.
  } catch (const StoreUnavailable&) {
    // Not accepted; whether it is stored shows when it is sent again.
  }
}

void World::run_some_service() {
  auto& daemon = *daemons_[static_cast<std::size_t>(pick(options_.daemons))];
  run_service(daemon, pick(6));
}

void World::run_service(Daemon& daemon, int which) {
  auto& engine = *daemon.engine;
  try {
    switch (which) {
      case 0: engine.catalog.refresh(); break;
      case 1: engine.rescuer.run_once(); break;
      case 2:
      case 3: engine.settler.run_once(); break;
      default:
        if (which == 4) engine.dispatcher.work_announced();
        engine.dispatcher.run_once();
        look_at_new_requests(daemon);
    }
  } catch (const StoreUnavailable&) {  // its loop tries again
  } catch (const CommitInDoubt&) {
  }
}

void World::look_at_new_requests(Daemon& daemon) {
  for (; daemon.seen < daemon.transport.under_way.size(); ++daemon.seen) {
    ++totals_.requests;
    const auto& request = daemon.transport.under_way[daemon.seen].request;
    const auto id = *DeliveryId::parse(request.headers.at(0).value);
    for (const auto& tenant : tenants_)
      if (const auto found = query_.find(tenant, id); found && found->state != DeliveryState::delivering)
        throw Violation("delivery " + id.to_string() + " was sent while it was " +
                        std::string(to_string(found->state)));
    if (std::stoi(request.headers.at(1).value) > allowed_attempts(id))
      throw Violation("delivery " + id.to_string() + " was sent beyond the policy's attempts");
  }
}

void World::answer_some_request() {
  auto& daemon = *daemons_[static_cast<std::size_t>(pick(options_.daemons))];
  if (daemon.transport.under_way.empty()) return;
  answer(daemon, static_cast<std::size_t>(pick(static_cast<int>(daemon.transport.under_way.size()))), false);
}

void World::answer(Daemon& daemon, std::size_t index, bool kindly) {
  const auto id = *DeliveryId::parse(daemon.transport.under_way[index].request.headers.at(0).value);
  delivery::HttpResponse response;
  response.request_sent = true;
  const int mood = kindly ? pick(60) : pick(100);
  if (mood < 50) {
    response.status = 200;
    acknowledged_.insert(id);
  } else if (mood < 65) {
    response.status = 503;
  } else if (mood < 75) {
    response.status = 400;
  } else if (mood < 80) {
    response.status = 429;
    response.headers = {{"retry-after", std::to_string(pick(20))}};
  } else if (mood < 82) {
    response.status = 410;
  } else if (mood < 90) {
    response.fault = TransportFault::timeout;
  } else if (mood < 95) {
    response.fault = TransportFault::connect;
    response.request_sent = false;
  } else {
    response.fault = TransportFault::cancelled;
    response.request_sent = chance(0.5);
  }
  --daemon.seen;
  daemon.transport.respond(std::move(response), index);
}

// Nothing is settled and nothing is said goodbye to; another daemon starts in its place.
void World::crash_some_daemon() {
  ++totals_.crashes;
  start_daemon(daemons_[static_cast<std::size_t>(pick(options_.daemons))]);
}

void World::pass_time() {
  if (chance(0.05))
    clock_.jump(std::chrono::milliseconds{pick(240'000) - 120'000});
  else if (chance(0.1))
    clock_.advance(std::chrono::milliseconds{pick(60'000)});
  else
    clock_.advance(std::chrono::milliseconds{pick(2'000)});
}

void World::change_catalog() {
  auto& d = destinations_[static_cast<std::size_t>(pick(static_cast<int>(destinations_.size())))];
  switch (pick(3)) {
    case 0: d.enabled = !d.enabled; break;
    case 1: d.max_in_flight = 1 + pick(8); break;
    default: {
      // A new destination: what is published from now on goes there, too.
      if (destinations_.size() >= 12) return;
      Destination fresh = d;
      fresh.id.value.bytes[15] = static_cast<std::uint8_t>(destinations_.size() + 100);
      destinations_.push_back(fresh);
      return put(fresh);
    }
  }
  put(d);
}

// Somebody replays or discards some of a tenant's.
void World::act_on_dead_letters() {
  const auto& tenant = tenants_[static_cast<std::size_t>(pick(options_.tenants))];
  const auto parked = dead_letters_.find(tenant, {}, {}, 1 + pick(5));
  const bool replay = chance(0.8);
  const auto moved =
      replay ? dead_letters_.replay(tenant, parked, entry(tenant, audit::Action::dead_letter_replayed, ""))
             : dead_letters_.discard(tenant, parked, "tidy", entry(tenant, audit::Action::dead_letter_discarded, ""));
  if (moved.size() != parked.size()) throw Violation("not every dead letter could be moved");
  for (const auto& one : moved) {
    ended_.erase(one.id);
    if (replay)
      ++replays_[one.id];
    else
      discarded_.insert(one.id);
  }
}

void World::settle_everything() {
  fault_share_ = 0;
  outage_ = 0;
  for (auto& [id, known] : published_)
    if (!known.accepted) submit(id);
  bool all_ended = false;
  for (int round = 0; round < 2'000 && !all_ended; ++round) {
    // Again each round: a 410 that was answered earlier may still be on its way to the store.
    for (auto& d : destinations_) {
      d.enabled = true;
      put(d);
    }
    for (auto& daemon : daemons_) {
      for (const int service : {0, 1, 2, 4, 5}) run_service(*daemon, service);
      while (!daemon->transport.under_way.empty()) answer(*daemon, 0, true);
      while (!daemon->engine->settler.idle()) daemon->engine->settler.run_once();
    }
    clock_.advance(5s);
    all_ended = true;
    for (const auto& tenant : tenants_)
      for (const auto& count : query_.counts(tenant))
        all_ended = all_ended && (is_terminal(count.state) || count.count == 0);
  }
  check();
  for (const auto& tenant : tenants_)
    for (const auto& left : all_deliveries(tenant))
      if (!is_terminal(left.state))
        throw Violation("delivery " + left.id.to_string() + " to " + left.destination.to_string() + " stays " +
                        std::string(to_string(left.state)) + " after " + std::to_string(left.attempts) + " attempts");
  for (const auto& daemon : daemons_)
    if (const int left = daemon->engine->scheduler.counts(clock_.mono_now()).in_flight; left != 0)
      throw Violation("a daemon believes that " + std::to_string(left) + " deliveries are in flight; none is");
}

}  // namespace opi::simulation
