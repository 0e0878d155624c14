#include "delivery/store_watch.hpp"

#include <exception>

namespace opi::delivery {

std::chrono::milliseconds StoreWatch::run_once() {
  {
    const Lock lock(mutex_);
    asked_at_ = clock_.mono_now();
  }
  try {
    probe_.prove_write();
  } catch (const std::exception& failure) {  // whatever it was, nothing was proven
    metrics_.store_failures("write_probe").Increment();
    learned(failure.what());
    return options_.retry_interval;
  }
  learned({});
  weigh();
  return options_.interval;
}

void StoreWatch::weigh() {
  const MonoTime now = clock_.mono_now();
  if (weighed_at_ && now - *weighed_at_ < options_.weigh_interval) return;
  weighed_at_ = now;
  try {
    const auto ballast = probe_.weigh();
    if (!ballast) return;
    metrics_.outbox_dead_rows.Set(static_cast<double>(ballast->dead_rows));
    metrics_.oldest_snapshot.Set(std::chrono::duration<double>(ballast->oldest_snapshot).count());
  } catch (const std::exception& failure) {  // it takes writes all the same
    metrics_.store_failures("weigh").Increment();
    logger_.warning("store.not_weighed", {{"error", failure.what()}});
  }
}

std::string StoreWatch::fault() const {
  const Lock lock(mutex_);
  if (asked_at_ && clock_.mono_now() - *asked_at_ >= options_.patience) return "the store does not answer";
  return fault_.empty() ? std::string{} : "the store takes no writes";
}

// The log has the store's own words, the status port's callers have not.
void StoreWatch::learned(std::string fault) {
  bool changed = false;
  {
    const Lock lock(mutex_);
    asked_at_.reset();
    changed = fault.empty() != fault_.empty();
    fault_ = fault;
  }
  if (!changed) return;
  if (fault.empty())
    logger_.info("store.writable", {});
  else
    logger_.warning("store.not_writable", {{"error", std::move(fault)}});
}

}  // namespace opi::delivery
