#include "sqlite/sqlite_delivery_feed.hpp"

#include <stdexcept>

#include "sqlite/feed_append.hpp"
#include "sqlite/query.hpp"
#include "sqlite/text_list.hpp"
#include "sqlite/transaction.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement read_feed{"read_feed", R"(
  SELECT f.sequence, f.delivery_event_id, f.event_type, f.delivery_id, f.destination_id, f.event_id, f.correlation_id,
         coalesce(e.event_type, ''), coalesce(e.alert_id, ''), coalesce(e.evidence_id, ''), coalesce(e.ticket_id, ''),
         f.attempt, f.occurred_at_ms
  FROM integration_delivery_events f
  LEFT JOIN integration_events e ON e.tenant_id = f.tenant_id AND e.event_id = f.event_id
  WHERE f.tenant_id = ?1 AND f.sequence > ?2
    AND (?3 IS NULL OR f.event_type IN (SELECT value FROM json_each(?3)))
  ORDER BY f.sequence LIMIT ?4)"};

constexpr Statement read_feed_cursor{"read_feed_cursor",
                                     "SELECT sequence FROM integration_feed_cursors WHERE tenant_id = ?"};

constexpr Statement begin_feed_cursor{"begin_feed_cursor",
                                      "INSERT INTO integration_feed_cursors (tenant_id, sequence) VALUES (?, ?)"};

constexpr Statement move_feed_cursor{"move_feed_cursor", R"(
  UPDATE integration_feed_cursors SET sequence = max(sequence, ?2)
  WHERE tenant_id = ?1 AND (SELECT revision FROM integration_catalog_revision) = ?3)"};

constexpr Statement drop_feed_cursors{"drop_feed_cursors", R"(
  DELETE FROM integration_feed_cursors
  WHERE tenant_id NOT IN (SELECT value FROM json_each(?1))
    AND (SELECT revision FROM integration_catalog_revision) = ?2)"};

std::optional<std::int64_t> stored_cursor(Connection& connection, const TenantId& tenant) {
  Query row{connection, read_feed_cursor};
  return row.text(tenant.str()).step() ? std::optional{row.int8(0)} : std::nullopt;
}

}  // namespace

std::vector<delivery::FeedEntry> SqliteDeliveryFeed::read(const TenantId& tenant, std::int64_t after,
                                                          std::span<const std::string_view> types, int limit) {
  if (limit < 1) throw std::invalid_argument("limit must be at least 1");
  const auto session = database_.reader();
  Query row{*session, read_feed};
  row.text(tenant.str())
      .integer(after)
      .optional_text(types.empty() ? std::nullopt : std::optional{text_list(types)})
      .integer(limit);
  std::vector<delivery::FeedEntry> entries;
  while (row.step())
    entries.push_back({.sequence = row.int8(0),
                       .id = row.uuid_at(1),
                       .type = row.string(2),
                       .delivery = DeliveryId{row.uuid_at(3)},
                       .destination = DestinationId{row.uuid_at(4)},
                       .event_id = EventId::parse(row.view(5)).value(),
                       .correlation_id = row.string(6),
                       .event_type = row.string(7),
                       .alert_id = row.string(8),
                       .evidence_id = row.string(9),
                       .ticket_id = row.string(10),
                       .attempt = row.int4(11),
                       .occurred_at = row.time_at(12)});
  return entries;
}

std::int64_t SqliteDeliveryFeed::head(const TenantId& tenant) { return feed_head(*database_.reader(), tenant); }

std::int64_t SqliteDeliveryFeed::publishing_cursor(const TenantId& tenant) {
  if (const auto cursor = stored_cursor(*database_.reader(), tenant)) return *cursor;
  const auto session = database_.writer();
  Transaction transaction{*session};
  if (const auto cursor = stored_cursor(*session, tenant)) return *cursor;
  const auto head = feed_head(*session, tenant);
  Query{*session, begin_feed_cursor}.text(tenant.str()).integer(head).run();
  transaction.commit();
  return head;
}

bool SqliteDeliveryFeed::published(const TenantId& tenant, std::int64_t sequence, std::int64_t catalog_revision) {
  const auto session = database_.writer();
  return Query{*session, move_feed_cursor}.text(tenant.str()).integer(sequence).integer(catalog_revision).run() > 0;
}

void SqliteDeliveryFeed::keep_publishing_only(std::span<const TenantId> tenants, std::int64_t catalog_revision) {
  std::vector<std::string_view> kept;
  for (const auto& tenant : tenants) kept.push_back(tenant.str());
  const auto session = database_.writer();
  Query{*session, drop_feed_cursors}.text(text_list(kept)).integer(catalog_revision).run();
}

}  // namespace opi::sqlite
