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
  return options_.interval;
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
