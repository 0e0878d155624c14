#include "sqlite/feed_append.hpp"

#include <map>

#include "delivery/delivery_event.hpp"
#include "sqlite/query.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_feed_head{"read_feed_head", "SELECT sequence FROM integration_feed_heads WHERE tenant_id = ?"};

constexpr Statement move_feed_head{"move_feed_head", R"(
  INSERT INTO integration_feed_heads (tenant_id, sequence) VALUES (?, ?)
  ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence)"};

constexpr Statement publish_delivery_event{"publish_delivery_event", R"(
  INSERT INTO integration_delivery_events (tenant_id, sequence, delivery_event_id, event_type, delivery_id,
                                           destination_id, event_id, correlation_id, attempt, occurred_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))"};

void write_delivery_event(Connection& connection, const delivery::Settlement& s, std::int64_t sequence, UnixTime now) {
  const auto& claim = *s.claim();
  Query{connection, publish_delivery_event}
      .text(claim.event->tenant_id.str())
      .integer(sequence)
      .uuid(s.delivery_event_id())
      .text(delivery::delivery_event_type(s.decision().next))
      .uuid(claim.delivery.value)
      .uuid(claim.destination.value)
      .text(claim.event->event_id.str())
      .text(claim.event->correlation_id)
      .integer(s.attempt().number)
      .time(now)
      .run();
}

}  // namespace

std::int64_t feed_head(Connection& connection, const TenantId& tenant) {
  Query row{connection, read_feed_head};
  return row.text(tenant.str()).step() ? row.int8(0) : 0;
}

void append_to_feeds(Connection& connection, const std::vector<const delivery::Settlement*>& settlements,
                     UnixTime now) {
  std::map<TenantId, std::int64_t> heads;
  for (const auto* s : settlements) {
    const auto& tenant = s->claim()->event->tenant_id;
    auto head = heads.find(tenant);
    if (head == heads.end()) head = heads.emplace(tenant, feed_head(connection, tenant)).first;
    write_delivery_event(connection, *s, ++head->second, now);
  }
  for (const auto& [tenant, sequence] : heads)
    Query{connection, move_feed_head}.text(tenant.str()).integer(sequence).run();
}

}  // namespace opi::sqlite
