#include "delivery/feed_publisher.hpp"

#include <algorithm>

#include "crypto/digest.hpp"
#include "delivery/delivery_event.hpp"
#include "delivery/idempotency.hpp"

namespace opi::delivery {
namespace {

bool subscribes(const Destination& destination, std::string_view type) {
  return std::ranges::any_of(destination.subscriptions, [&](const auto& pattern) {
    return pattern == delivery_event_pattern || (pattern == type && is_delivery_event_type(type));
  });
}

std::vector<TenantId> subscribed_tenants(const Catalog& catalog) {
  std::vector<TenantId> tenants;
  for (const auto& [tenant, destinations] : catalog.by_tenant)
    if (std::ranges::any_of(destinations, [](const auto& one) { return subscribes_to_feed(*one); }))
      tenants.push_back(tenant);
  std::ranges::sort(tenants);
  return tenants;
}

}  // namespace

FeedPublisher::FeedPublisher(DeliveryFeed& feed, DeliveryStore& store, CatalogCache& catalog, WorkNews& news,
                             const Instruments& instruments, const Options& options)
    : feed_(feed), store_(store), catalog_(catalog), news_(news), instruments_(instruments), options_(options) {}

std::chrono::milliseconds FeedPublisher::run_once() {
  const auto catalog = catalog_.current();
  forget_unsubscribed(*catalog);
  bool more = false;
  for (const auto& tenant : subscribed_tenants(*catalog)) more = publish(*catalog, tenant) || more;
  return more ? std::chrono::milliseconds{0} : options_.interval;
}

// Whoever subscribes later begins at the head of that time.
void FeedPublisher::forget_unsubscribed(const Catalog& catalog) {
  if (catalog.revision == forgotten_at_ || catalog.revision < 0) return;
  feed_.keep_publishing_only(subscribed_tenants(catalog), catalog.revision);
  forgotten_at_ = catalog.revision;
}

bool FeedPublisher::publish(const Catalog& catalog, const TenantId& tenant) {
  const auto entries = feed_.read(tenant, feed_.publishing_cursor(tenant), {}, options_.page);
  if (entries.empty()) return false;
  std::vector<NewEvent> events;
  for (const auto& entry : entries) {
    auto event = route(catalog, tenant, entry);
    if (!event.deliveries.empty()) events.push_back(std::move(event));
  }
  if (!events.empty()) {
    const auto report = store_.insert(events, catalog.revision);
    if (report.catalog_changed) {
      catalog_.refresh();
      return true;
    }
    const auto stored = std::ranges::count(report.results, InsertResult::accepted);
    instruments_.logger.debug("feed.published", {{"tenant", tenant.str()}, {"events", stored}});
    news_.stored(events, report.results);
  }
  // Where none of them was anybody's, nothing has asked yet whether that still holds.
  if (!feed_.published(tenant, entries.back().sequence, catalog.revision)) {
    catalog_.refresh();
    return true;
  }
  return entries.size() == static_cast<std::size_t>(options_.page);
}

NewEvent FeedPublisher::route(const Catalog& catalog, const TenantId& tenant, const FeedEntry& entry) {
  NewEvent routed;
  // An event that retention removed may have been one, too.
  if (entry.event_type.empty() || is_delivery_event_type(entry.event_type)) return routed;
  routed.event = feed_event(tenant, entry);
  // Not of the payload: it loses the references of an event that retention removed in between.
  routed.content_hash = crypto::sha256("opi.feed.v1\n" + tenant.str() + "\n" + entry.id.to_string());
  FilterSubject subject(routed.event);
  for (const auto& destination : catalog.by_tenant.at(tenant)) {
    if (destination->id == entry.destination || !subscribes(*destination, entry.type) ||
        !catalog_.filters().pass(*destination, subject))
      continue;
    routed.deliveries.push_back({DeliveryId{delivery_ids_.next(instruments_.clock, instruments_.random)},
                                 destination->id, idempotency_key(tenant, destination->id, routed.event.event_id)});
  }
  if (subject.effort.spent()) instruments_.metrics.filters_given_up.Increment();
  return routed;
}

}  // namespace opi::delivery
