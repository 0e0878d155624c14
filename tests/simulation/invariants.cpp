#include <algorithm>

#include "audit/hash_chain.hpp"
#include "crypto/digest.hpp"
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
  totals_.delivered = totals_.dead_lettered = 0;
  for (const auto& tenant : tenants_) {
    const auto deliveries = all_deliveries(tenant);
    check_events(tenant, deliveries);
    for (const auto& delivery : deliveries) check_delivery(delivery);
    check_audit(tenant, deliveries);
  }
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

// Nothing lost and nothing made up: an accepted event has one delivery for each destination that the catalog
// named when it was stored.
void World::check_events(const TenantId& tenant, const std::vector<delivery::DeliveryView>& deliveries) {
  std::map<std::string, Destinations> actual;
  for (const auto& delivery : deliveries) {
    require(published_.contains(delivery.event_id.str()), delivery, "belongs to no published event");
    require(actual[delivery.event_id.str()].insert(delivery.destination).second, delivery,
            "is the second one of its event and destination");
  }
  for (const auto& [id, known] : published_) {
    if (known.tenant != tenant) continue;
    const auto found = actual.find(id);
    if (!known.accepted && found == actual.end()) continue;
    if (found == actual.end()) throw Violation("event " + id + " was accepted and has no deliveries");
    if (std::ranges::find(known.possible, found->second) == known.possible.end())
      throw Violation("event " + id + " goes to " + std::to_string(found->second.size()) +
                      " destinations, which the catalog never named together");
  }
  for (const auto& [id, was] : ended_)
    if (was.tenant == tenant)
      require(std::ranges::find(deliveries, id, &delivery::DeliveryView::id) != deliveries.end(), was, "has vanished");
}

void World::check_delivery(const delivery::DeliveryView& delivery) {
  totals_.delivered += delivery.state == DeliveryState::delivered;
  totals_.dead_lettered += delivery.state == DeliveryState::dead_lettered;
  if (const auto known = ended_.find(delivery.id); known != ended_.end()) {
    require(known->second.state == delivery.state && known->second.attempts == delivery.attempts &&
                known->second.completed_at == delivery.completed_at,
            delivery, "changed after it had ended as " + std::string(to_string(known->second.state)));
    return;
  }
  require(delivery.attempts <= allowed_attempts(delivery.id), delivery, "has more attempts than its policy allows");
  const auto attempts = query_.attempts(delivery.tenant, delivery.id);
  require(attempts.size() == static_cast<std::size_t>(delivery.attempts), delivery,
          "has " + std::to_string(attempts.size()) + " recorded attempts");
  int succeeded = 0;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    require(attempts[i].number == static_cast<int>(i) + 1, delivery, "has a gap in its attempts");
    succeeded += attempts[i].result == AttemptResult::succeeded;
  }
  if (delivery.state == DeliveryState::delivered) {
    require(succeeded == 1, delivery, "has " + std::to_string(succeeded) + " successful attempts");
    require(acknowledged_.contains(delivery.id), delivery, "was never acknowledged by its receiver");
  } else {
    require(succeeded == 0, delivery, "has a successful attempt");
  }
  if (delivery.state == DeliveryState::pending)
    require(delivery.attempts == 0, delivery, "is pending after an attempt");
  if (delivery.state == DeliveryState::retry_scheduled) require(delivery.attempts > 0, delivery, "retries no attempt");
  require((delivery.state == DeliveryState::failed) == discarded_.contains(delivery.id), delivery,
          "failed, though the policy parks everything, or was discarded and did not");
  if (is_terminal(delivery.state)) ended_[delivery.id] = delivery;
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
