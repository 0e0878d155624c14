#include "delivery/catalog_cache.hpp"

#include "foundation/mutex.hpp"

namespace opi::delivery {

std::shared_ptr<const Catalog> CatalogCache::current() const {
  const Lock lock(mutex_);
  return current_;
}

void CatalogCache::refresh() {
  const Lock refreshing(refreshing_);
  if (store_.revision() == current()->revision) return;
  auto loaded = std::make_shared<const Catalog>(store_.load());
  filters_.follow(*loaded);
  {
    const Lock lock(mutex_);
    current_ = loaded;
  }
  for (const auto& listener : listeners_) listener(*loaded);
}

}  // namespace opi::delivery
