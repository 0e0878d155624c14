#include "postgres/postgres_delivery_feed.hpp"

#include <stdexcept>

#include "postgres/transaction.hpp"

namespace opi::postgres {
namespace {

using Element = ArrayParameter::Element;

constexpr Statement read_feed{"read_feed", R"(
  SELECT f.sequence, f.delivery_event_id, f.event_type, f.delivery_id, f.destination_id, f.event_id, f.correlation_id,
         coalesce(e.event_type, ''), coalesce(e.alert_id, ''), coalesce(e.evidence_id, ''), coalesce(e.ticket_id, ''),
         f.attempt, f.occurred_at
  FROM (SELECT * FROM integration_delivery_events
        WHERE tenant_id = $1::text AND sequence > $2::bigint
          AND ($3::text[] IS NULL OR event_type = ANY ($3::text[]))
        ORDER BY sequence LIMIT $4::int) f
  LEFT JOIN integration_events e ON e.tenant_id = f.tenant_id AND e.event_id = f.event_id
  ORDER BY f.sequence)"};

constexpr Statement read_feed_head{
    "read_feed_head", "SELECT coalesce((SELECT sequence FROM integration_feed_heads WHERE tenant_id = $1::text), 0)"};

constexpr Statement read_feed_cursor{"read_feed_cursor",
                                     "SELECT sequence FROM integration_feed_cursors WHERE tenant_id = $1::text"};

constexpr Statement begin_feed_cursor{"begin_feed_cursor", R"(
  INSERT INTO integration_feed_cursors (tenant_id, sequence)
  SELECT $1::text, coalesce((SELECT sequence FROM integration_feed_heads WHERE tenant_id = $1::text), 0)
  ON CONFLICT (tenant_id) DO NOTHING)"};

// A subscription that this does not see comes after all that was published.
constexpr Statement move_feed_cursor{"move_feed_cursor", R"(
  UPDATE integration_feed_cursors SET sequence = greatest(sequence, $2::bigint)
  WHERE tenant_id = $1::text AND (SELECT revision FROM integration_catalog_revision) = $3::bigint)"};

// Nobody subscribes while this is held.
constexpr Statement hold_revision{"hold_catalog_revision",
                                  "SELECT revision FROM integration_catalog_revision FOR SHARE"};

constexpr Statement drop_feed_cursors{"drop_feed_cursors",
                                      "DELETE FROM integration_feed_cursors WHERE tenant_id <> ALL ($1::text[])"};

}  // namespace

std::vector<delivery::FeedEntry> PostgresDeliveryFeed::read(const TenantId& tenant, std::int64_t after,
                                                            std::span<const std::string_view> types, int limit) {
  if (limit < 1) throw std::invalid_argument("limit must be at least 1");
  Parameters parameters;
  parameters.text(tenant.str()).int8(after);
  ArrayParameter wanted{Element::text};
  for (const auto type : types) wanted.add(type);
  if (types.empty())
    parameters.null();
  else
    parameters.array(wanted);
  auto session = database_.tenant(tenant);
  const auto rows = session->execute(read_feed, parameters.int4(limit));
  std::vector<delivery::FeedEntry> entries;
  for (int i = 0; i < rows.size(); ++i)
    entries.push_back({.sequence = rows.int8(i, 0),
                       .id = rows.uuid(i, 1),
                       .type = rows.string(i, 2),
                       .delivery = DeliveryId{rows.uuid(i, 3)},
                       .destination = DestinationId{rows.uuid(i, 4)},
                       .event_id = EventId::parse(rows.text(i, 5)).value(),
                       .correlation_id = rows.string(i, 6),
                       .event_type = rows.string(i, 7),
                       .alert_id = rows.string(i, 8),
                       .evidence_id = rows.string(i, 9),
                       .ticket_id = rows.string(i, 10),
                       .attempt = rows.int4(i, 11),
                       .occurred_at = rows.time(i, 12)});
  return entries;
}

std::int64_t PostgresDeliveryFeed::head(const TenantId& tenant) {
  auto session = database_.general().borrow();
  return session->execute(read_feed_head, Parameters{}.text(tenant.str())).int8(0, 0);
}

std::int64_t PostgresDeliveryFeed::publishing_cursor(const TenantId& tenant) {
  auto session = database_.general().borrow();
  auto row = session->execute(read_feed_cursor, Parameters{}.text(tenant.str()));
  if (row.empty()) {
    session->execute(begin_feed_cursor, Parameters{}.text(tenant.str()));
    row = session->execute(read_feed_cursor, Parameters{}.text(tenant.str()));
  }
  if (row.empty()) throw StoreUnavailable("the feed's cursor vanished");  // forgotten by another daemon just now
  return row.int8(0, 0);
}

bool PostgresDeliveryFeed::published(const TenantId& tenant, std::int64_t sequence, std::int64_t catalog_revision) {
  auto session = database_.general().borrow();
  return session->execute(move_feed_cursor, Parameters{}.text(tenant.str()).int8(sequence).int8(catalog_revision))
             .affected() > 0;
}

void PostgresDeliveryFeed::keep_publishing_only(std::span<const TenantId> tenants, std::int64_t catalog_revision) {
  ArrayParameter kept{Element::text};
  for (const auto& tenant : tenants) kept.add(tenant.str());
  auto session = database_.general().borrow();
  Transaction transaction{*session};
  if (session->execute(hold_revision).int8(0, 0) != catalog_revision) return;
  session->execute(drop_feed_cursors, Parameters{}.array(kept));
  transaction.commit();
}

}  // namespace opi::postgres
