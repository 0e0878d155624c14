#include "delivery/retention.hpp"

#include <algorithm>

namespace opi::delivery {

Retention::Retention(RetentionStore& store, CatalogCache& catalog, const Clock& clock, telemetry::Metrics& metrics,
                     telemetry::Logger& logger, const Options& options)
    : store_(store), catalog_(catalog), clock_(clock), metrics_(metrics), logger_(logger), options_(options) {}

std::chrono::milliseconds Retention::run_once() {
  const auto catalog = catalog_.current();
  if (left_.empty()) {
    for (const auto& [id, tenant] : catalog->tenants) left_.push_back(id);
    std::ranges::sort(left_);
    if (left_.empty()) return options_.interval;
  }
  const TenantId tenant = left_.front();
  auto ages = options_.ages;
  if (const auto found = catalog->tenants.find(tenant); found != catalog->tenants.end())
    ages = found->second.retention.applied_to(ages);
  // Steps that find nothing cost a glance each: only a batch that removed something is followed by a pause.
  while (step_ != Step::done) {
    if (!run_step(tenant, ages)) return options_.pause;
    step_ = static_cast<Step>(static_cast<int>(step_) + 1);
  }
  finish_tenant(tenant);
  return left_.empty() ? options_.interval : options_.pause;
}

bool Retention::run_step(const TenantId& tenant, const RetentionAges& ages) {
  const UnixTime now = clock_.unix_now();
  const auto count = [&](std::string_view what, std::int64_t removed, std::int64_t& sum) {
    metrics_.retention_removed(what).Increment(static_cast<double>(removed));
    sum += removed;
    return removed < options_.batch;
  };
  switch (step_) {
    case Step::deliveries: {
      const auto gone =
          store_.remove_deliveries(tenant, now - ages.delivered, now - ages.failed, after_, options_.batch);
      after_ = gone.last;
      count("attempts", gone.attempts, removed_.attempts);
      count("events", gone.events, removed_.events);
      return count("deliveries", gone.deliveries, removed_.deliveries);
    }
    case Step::unrouted_events:
      return count("events", store_.remove_unrouted_events(tenant, now - ages.delivered, options_.batch),
                   removed_.events);
    case Step::delivery_events:
      return count("delivery_events", store_.remove_delivery_events(tenant, now - ages.delivery_events, options_.batch),
                   removed_.delivery_events);
    case Step::operations:
      return count("operations", store_.remove_operations(tenant, now - ages.failed, options_.batch),
                   removed_.operations);
    case Step::rollup:
      return count("rollup", store_.remove_rollup(tenant, now - ages.rollup, options_.batch), removed_.rollup);
    case Step::done: break;
  }
  return true;
}

void Retention::finish_tenant(const TenantId& tenant) {
  if (removed_.all() > 0)
    logger_.info("retention.removed", {{"tenant", tenant.str()},
                                       {"deliveries", removed_.deliveries},
                                       {"attempts", removed_.attempts},
                                       {"events", removed_.events},
                                       {"delivery_events", removed_.delivery_events},
                                       {"operations", removed_.operations},
                                       {"rollup_rows", removed_.rollup}});
  left_.pop_front();
  step_ = Step::deliveries;
  after_ = {};
  removed_ = {};
}

}  // namespace opi::delivery
