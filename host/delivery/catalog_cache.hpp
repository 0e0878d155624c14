#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "delivery/catalog_store.hpp"
#include "delivery/filters.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

// The current catalog snapshot, kept up with the store by its revision. Thread-safe.
class CatalogCache {
 public:
  using Listener = std::function<void(const Catalog&)>;

  // Listeners are called after each change, one change at a time, by the thread that found it.
  CatalogCache(CatalogStore& store, std::vector<Listener> listeners)
      : store_(store), listeners_(std::move(listeners)) {}

  // Never null; an empty catalog of revision -1 before the first refresh.
  [[nodiscard]] std::shared_ptr<const Catalog> current() const;
  // Those of the current catalog's destinations.
  [[nodiscard]] const Filters& filters() const { return filters_; }
  // Loads the catalog if the store's revision is another. Throws StoreUnavailable.
  void refresh();

 private:
  CatalogStore& store_;
  const std::vector<Listener> listeners_;
  Filters filters_;
  Mutex refreshing_;
  mutable Mutex mutex_;
  std::shared_ptr<const Catalog> current_ OPI_GUARDED_BY(mutex_) = std::make_shared<const Catalog>(Catalog{
      .revision = -1});
};

}  // namespace opi::delivery
