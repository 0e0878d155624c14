#include <algorithm>

#include "delivery/envelope.hpp"
#include "simulation/world.hpp"

namespace opi::simulation {

using namespace std::chrono_literals;

namespace {

std::string envelope(const TenantId& tenant, const std::string& id) {
  // A few tickets at a time, so that many an event is about what an earlier one was.
  const int number = std::stoi(id.substr(2));
  const std::string ticket = "T-" + std::to_string(number / 12 * 3 + number % 3);
  return R"({"event_id":")" + id + R"(","tenant_id":")" + tenant.str() +
         R"(","event_type":"alert.created","schema_version":"1.0","source":"simulation",)"
         R"("timestamp":"2026-11-23T15:04:05Z","payload":{"ticket_id":")" +
         ticket + R"("}})";
}

delivery::ParsedEvent event(const TenantId& tenant, const std::string& id) {
  return std::get<delivery::ParsedEvent>(delivery::parse_envelope(envelope(tenant, id)));
}

}  // namespace

// Events that the producer got no good answer for are sent again, as a producer does.
void World::publish() {
  for (const auto& [id, known] : published_)
    if (!known.accepted && dice_.chance(0.5)) return submit(id);
  if (dice_.chance(0.2)) return publish_by_sql();
  const auto& tenant = dice_.one_of(tenants_);
  for (int burst = 1 + dice_.pick(dice_.chance(0.1) ? 30 : 4); burst > 0; --burst) {
    const std::string id = "e-" + std::to_string(next_event_++);
    published_[id].tenant = tenant;
    submit(id);
  }
}

// Into the inbox, by the producer's own transaction. A few that another version's publish() let pass, and a few that
// their producer sends both ways, are among them.
void World::publish_by_sql() {
  const auto& tenant = dice_.one_of(tenants_);
  for (int burst = 1 + dice_.pick(dice_.chance(0.1) ? 60 : 4); burst > 0; --burst) {
    const std::string id = "e-" + std::to_string(next_event_++);
    if (dice_.chance(0.05)) {
      malformed_.insert(id);
      inbox_.publish(id, R"({"event_id":")" + id + R"("})");
      continue;
    }
    published_[id].tenant = tenant;
    inbox_.publish(id, envelope(tenant, id));
    if (dice_.chance(0.1)) submit(id);
  }
}

void World::takes_in(const std::vector<std::string>& events) {
  for (const auto& id : events)
    if (!malformed_.contains(id)) published_.at(id).possible.push_back(subscribers(published_.at(id).tenant));
}

void World::took_in(const std::vector<std::string>& events) {
  for (const auto& id : events) {
    if (malformed_.contains(id)) findings_.note("event " + id + " is malformed and was taken from the inbox");
    published_[id].accepted = true;
    ++totals_.from_inbox;
  }
}

World::Destinations World::subscribers(const TenantId& tenant) {
  Destinations result;
  const auto catalog = catalog_store_.load();
  for (const auto& d : catalog.by_tenant.at(tenant))
    if (d->subscriptions.front() == "*") result.insert(d->id);
  return result;
}

void World::submit(const std::string& id) {
  Published& known = published_.at(id);
  auto& daemon = some_daemon();
  if (daemon.frozen()) return;
  known.possible.push_back(subscribers(known.tenant));
  try {
    const auto results = daemon.engine().intake.submit({event(known.tenant, id)});
    daemon.wake();
    if (results.front() == delivery::InsertResult::conflict) throw Violation("event " + id + " conflicts with itself");
    if (known.possible.size() == 1 && results.front() != delivery::InsertResult::accepted)
      throw Violation("event " + id + " was new and is called a duplicate");
    known.accepted = true;
    ++totals_.published;
  } catch (const Violation&) {
    throw;
  } catch (const std::exception&) {
    // Not accepted; whether it is stored shows when it is sent again.
  }
}

void World::change_catalog() {
  auto& d = dice_.one_of(destinations_);
  switch (dice_.pick(4)) {
    case 0: d.enabled = !d.enabled; break;
    case 1: d.max_in_flight = 1 + dice_.pick(8); break;
    case 2: d.enabled = true; break;
    default: {
      // A new destination: what is published from now on goes there, too.
      if (destinations_.size() >= 12) return;
      Destination fresh = d;
      fresh.id.value.bytes[15] = static_cast<std::uint8_t>(++next_destination_);
      if (fresh.subscriptions.front() != "*") return;
      destinations_.push_back(fresh);
      return put(fresh);
    }
  }
  put(d);
}

// Somebody replays or discards some of a tenant's.
void World::act_on_dead_letters() {
  const auto& tenant = dice_.one_of(tenants_);
  const auto parked = dead_letters_.find(tenant, {}, {}, 1 + dice_.pick(10));
  const bool replay = dice_.chance(0.7);
  const auto moved =
      replay ? dead_letters_.replay(tenant, parked, entry(tenant, audit::Action::dead_letter_replayed, ""))
             : dead_letters_.discard(tenant, parked, "tidy", entry(tenant, audit::Action::dead_letter_discarded, ""));
  if (moved.size() != parked.size()) throw Violation("not every dead letter could be moved");
  for (const auto& one : moved) {
    ended_.erase(one.id);
    if (replay) {
      ++replays_[one.id];
      ++totals_.replayed;
      witness_.replayed(one.id);
    } else {
      discarded_.insert(one.id);
    }
  }
  auto& daemon = some_daemon();
  daemon.engine().news.due_somewhere();
  daemon.wake();
}

void World::something_with_plugins() {
  auto& plugins = some_daemon().plugins();
  switch (dice_.pick(4)) {
    case 0: return plugins.mend();
    case 1: return plugins.reload();
    default:
      plugins.set(dice_.one_of(destinations_).id, dice_.chance(0.5)   ? SimulatedPlugins::State::pending
                                                  : dice_.chance(0.5) ? SimulatedPlugins::State::missing
                                                                      : SimulatedPlugins::State::quarantined);
  }
}

void World::something_with_secrets() {
  auto& provider = *some_daemon().engine().provider;
  provider.status = dice_.chance(0.3) ? secrets::ResolveStatus::unavailable : secrets::ResolveStatus::ok;
}

void World::something_with_a_daemon() {
  auto& place = dice_.one_of(daemons_);
  const int what = dice_.pick(100);
  if (what < 40) {
    // It is stopped, and goes on later with what it had.
    ++totals_.freezes;
    place->freeze(clock_.mono_now() + dice_.up_to(dice_.chance(0.3) ? 60s : 8s));
  } else if (what < 60) {
    if (static_cast<int>(daemons_.size()) >= options_.most_daemons) return;
    ++totals_.joins;
    start_daemon(std::nullopt);
  } else if (what < 80) {
    if (daemons_.size() < 2 || place->frozen() || !place->idle()) return;
    ++totals_.leaves;
    place->engine().fleet.leave();
    witness_.gone(place->id());
    std::erase(daemons_, place);
  } else {
    // Nothing is settled and nothing is said goodbye to. Another one may come in its place, and may know whose it is.
    ++totals_.crashes;
    const std::string id = place->id();
    witness_.gone(id);
    std::erase(daemons_, place);
    if (daemons_.empty() || dice_.chance(0.8)) start_daemon(dice_.chance(0.7) ? std::optional(id) : std::nullopt);
  }
}

void World::something_with_time() {
  const int what = dice_.pick(100);
  if (what < 30) {
    clock_.advance(dice_.up_to(20s));  // nobody runs
  } else if (what < 50) {
    some_daemon().clock().jump(dice_.up_to(4min) - 2min);
  } else if (what < 60) {
    set_server_clock(dice_.up_to(2min) - 1min);
  } else if (what < 63) {
    check();  // what has ended by now may be removed
    // What is known and waits there still would be new again, once retention has been there.
    if (inbox_.waiting() > 0) return;
    days_passed_ = true;
    clock_.advance(std::chrono::days{dice_.chance(0.5) ? 31 : 91});
  } else {
    run_for(dice_.up_to(10s));
  }
}

void World::set_server_clock(std::chrono::milliseconds by) {
  server_.jump(by);
  server_offset_ += by;
  server_peak_ = std::max(server_peak_, server_offset_);
  witness_.server_clock_was_set(by);
}

}  // namespace opi::simulation
