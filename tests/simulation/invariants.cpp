#include <algorithm>

#include "audit/hash_chain.hpp"
#include "delivery/delivery_event.hpp"
#include "simulation/world.hpp"

namespace opi::simulation {
namespace {

void require(bool holds, const delivery::DeliveryView& delivery, const std::string& what) {
  if (!holds)
    throw Violation("delivery " + delivery.id.to_string() + " (" + std::string(to_string(delivery.state)) + ", " +
                    std::to_string(delivery.attempts) + " attempts) " + what);
}

}  // namespace

void World::check() {
  findings_.raise();
  totals_.deliveries = totals_.delivered = totals_.dead_lettered = totals_.discarded = 0;
  for (const auto& tenant : tenants_) {
    const auto deliveries = all_deliveries(tenant);
    check_removed(tenant, deliveries);
    check_events(tenant, deliveries);
    for (const auto& delivery : deliveries) check_delivery(delivery);
    check_audit(tenant, deliveries);
  }
  totals_.deliveries += totals_.removed;
  totals_.store_faults = faults_.counts().store;
  totals_.refused = faults_.counts().refused;
  totals_.thrown = faults_.counts().thrown;
  totals_.stalls = faults_.counts().stalls;
}

std::vector<delivery::DeliveryView> World::all_deliveries(const TenantId& tenant) {
  std::vector<delivery::DeliveryView> all;
  delivery::DeliveryFilter filter{.limit = 200};
  for (;;) {
    const auto page = query_.list(tenant, filter);
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < 200) return all;
    filter.before = page.back().id;
  }
}

const Destination& World::destination(const DestinationId& id) const {
  return *std::ranges::find(destinations_, id, &Destination::id);
}

std::string World::attempts_of(const DestinationId& where, const DeliveryId& id) {
  std::string text;
  for (const auto& one : query_.attempts(destination(where).tenant_id, id))
    text += std::to_string(one.number) + " " + std::string(to_string(one.result)) + " " + one.reason + ", ";
  return text;
}

// Each step of a delivery in several requests has the whole budget of the policy.
int World::allowed_attempts(const DeliveryId& delivery, const DestinationId& where) const {
  const auto known = replays_.find(delivery);
  const int budgets = 1 + (known == replays_.end() ? 0 : known->second);
  return options_.max_attempts * steps_of(destination(where)) * budgets;
}

// Only retention takes a delivery away, and only one that ended as long ago as its age says. Its clock is a daemon's.
void World::check_removed(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries) {
  constexpr std::chrono::minutes clocks_differ_by{30};
  std::set<DeliveryId> present;
  for (const auto& delivery : deliveries) present.insert(delivery.id);
  for (auto at = ended_.begin(); at != ended_.end();) {
    const auto& [id, was] = *at;
    if (was.tenant != tenant || present.contains(id)) {
      ++at;
      continue;
    }
    const RetentionAges ages;
    const auto age = was.state == DeliveryState::delivered ? ages.delivered : ages.failed;
    require(
        was.state != DeliveryState::dead_lettered && clock_.unix_now() + clocks_differ_by >= *was.completed_at + age,
        was, "has vanished");
    removed_[was.event_id.str()].insert(was.destination);
    ++totals_.removed;
    at = ended_.erase(at);
  }
}

// Nothing lost and nothing made up: an accepted event has one delivery for each destination that the catalog
// named when it was stored.
void World::check_events(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries) {
  std::map<std::string, Destinations> actual;
  for (const auto& delivery : deliveries) {
    if (delivery::is_delivery_event_type(delivery.event_type)) continue;  // check_feed() asks for these
    require(published_.contains(delivery.event_id.str()), delivery, "belongs to no published event");
    require(actual[delivery.event_id.str()].insert(delivery.destination).second, delivery,
            "is the second one of its event and destination");
  }
  for (const auto& [id, known] : published_) {
    if (known.tenant != tenant) continue;
    if (const auto gone = removed_.find(id); gone != removed_.end())
      actual[id].insert(gone->second.begin(), gone->second.end());
    const auto found = actual.find(id);
    if (!known.accepted && found == actual.end()) continue;
    if (found == actual.end()) throw Violation("event " + id + " was accepted and has no deliveries");
    if (std::ranges::find(known.possible, found->second) == known.possible.end())
      throw Violation("event " + id + " goes to " + std::to_string(found->second.size()) +
                      " destinations, which the catalog never named together");
  }
}

void World::check_delivery(const delivery::DeliveryView& delivery) {
  ++totals_.deliveries;
  totals_.delivered += delivery.state == DeliveryState::delivered;
  totals_.dead_lettered += delivery.state == DeliveryState::dead_lettered;
  totals_.discarded += delivery.state == DeliveryState::failed;
  if (const auto known = ended_.find(delivery.id); known != ended_.end()) {
    require(known->second.state == delivery.state && known->second.attempts == delivery.attempts &&
                known->second.completed_at == delivery.completed_at,
            delivery, "changed after it had ended as " + std::string(to_string(known->second.state)));
    return;
  }
  require(delivery.attempts <= allowed_attempts(delivery.id, delivery.destination), delivery,
          "has more attempts than its policy allows");
  const auto attempts = query_.attempts(delivery.tenant, delivery.id);
  require(attempts.size() == static_cast<std::size_t>(delivery.attempts), delivery,
          "has " + std::to_string(attempts.size()) + " recorded attempts");
  int succeeded = 0, continued = 0;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    require(attempts[i].number == static_cast<int>(i) + 1, delivery, "has a gap in its attempts");
    succeeded += attempts[i].result == AttemptResult::succeeded;
    continued += attempts[i].result == AttemptResult::continued;
  }
  if (delivery.state == DeliveryState::delivered) {
    require(succeeded == 1, delivery, "has " + std::to_string(succeeded) + " successful attempts");
    require(acknowledged_.contains(delivery.id), delivery, "was never acknowledged by its receiver");
    require(continued >= steps_of(destination(delivery.destination)) - 1, delivery,
            "ended after " + std::to_string(continued) + " of its steps");
  } else {
    require(succeeded == 0, delivery, "has a successful attempt");
  }
  if (delivery.state == DeliveryState::pending)
    require(delivery.attempts == 0, delivery, "is pending after an attempt");
  if (delivery.state == DeliveryState::retry_scheduled) require(delivery.attempts > 0, delivery, "retries no attempt");
  require((delivery.state == DeliveryState::failed) == discarded_.contains(delivery.id), delivery,
          "failed, though the policy parks everything, or was discarded and did not");
  if (is_terminal(delivery.state)) {
    ended_[delivery.id] = delivery;
    totals_.continued += continued;
  }
}

// The chain holds, and every ended delivery has one record of its end; the others have none.
void World::check_audit(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries) {
  audit::Link& last = audited_[tenant];
  for (;;) {
    const auto records = audit_log_.read(tenant, last.sequence, 500);
    if (const auto fault = audit::first_fault(last, records))
      throw Violation("audit chain of " + tenant.str() + ": " + *fault);
    for (const auto& record : records) {
      const auto action = record.entry.action;
      if (action == audit::Action::delivery_delivered || action == audit::Action::delivery_failed ||
          action == audit::Action::delivery_dead_lettered)
        ++ends_audited_[record.entry.target];
    }
    if (records.empty()) break;
    last = records.back().link;
  }
  for (const auto& delivery : deliveries) {
    const auto replayed = replays_.find(delivery.id);
    const int ends = (is_terminal(delivery.state) ? 1 : 0) + (replayed == replays_.end() ? 0 : replayed->second);
    const int audited = ends_audited_["delivery:" + delivery.id.to_string()];
    require(audited == ends, delivery, "has " + std::to_string(audited) + " audit records of its end");
  }
}

}  // namespace opi::simulation
