#pragma once
#include <chrono>
#include <functional>

#include "delivery/catalog_cache.hpp"
#include "delivery/delivery_feed.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/work_news.hpp"
#include "domain/new_uuid.hpp"

namespace opi::delivery {

// Hands the feed of delivery events to the destinations that subscribe to it by name ("ticket.delivery.*" or one such
// type; "*" and other prefixes do not mean it), as events like any others. No loops: what becomes of such an event is
// not published again, and nobody is told about the deliveries to itself. Several daemons may publish at once: the
// entry's id is the event's, so it is stored once.
class FeedPublisher {
 public:
  struct Options {
    int page = 200;                             // entries at a time
    std::chrono::milliseconds interval{1'000};  // between looks at a feed that had nothing more
  };
  FeedPublisher(DeliveryFeed& feed, DeliveryStore& store, CatalogCache& catalog, WorkNews& news,
                const Instruments& instruments, const Options& options);

  // Publishes at most one page of each tenant; returns when to run again. One thread. Throws StoreUnavailable,
  // CommitInDoubt: the next run goes on where the cursor stands.
  std::chrono::milliseconds run_once();

 private:
  void forget_unsubscribed(const Catalog& catalog);
  // True if there may be more.
  bool publish(const Catalog& catalog, const TenantId& tenant);
  NewEvent route(const Catalog& catalog, const TenantId& tenant, const FeedEntry& entry);

  DeliveryFeed& feed_;
  DeliveryStore& store_;
  CatalogCache& catalog_;
  WorkNews& news_;
  const Instruments instruments_;
  const Options options_;
  UuidSequence delivery_ids_;
  std::int64_t forgotten_at_ = -1;  // catalog revision at which unsubscribed tenants were forgotten
};

}  // namespace opi::delivery
