#include <algorithm>
#include <limits>

#include "postgres/postgres_delivery_query.hpp"
#include "postgres/stored_event.hpp"

namespace opi::postgres {
namespace {

constexpr int page = 32;  // with their payloads, which are held at once

// Behind one that was read already, which $2 and $3 name.
constexpr Statement select_recent_events{"recent_events", R"(
  SELECT event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, payload, received_at
  FROM integration_events
  WHERE tenant_id = $1::text AND received_at > '-infinity'
    AND (received_at, event_id) < ($2::timestamptz, $3::text)
  ORDER BY received_at DESC, event_id DESC LIMIT $4::int)"};

}  // namespace

void PostgresDeliveryQuery::recent_events(const TenantId& tenant, int limit,
                                          const std::function<bool(const Event& event, UnixTime received_at)>& visit) {
  auto before = std::numeric_limits<std::int64_t>::max();  // microseconds
  std::string behind;
  while (limit > 0) {
    auto session = database_.tenant(tenant);
    const auto rows = session->execute(
        select_recent_events, Parameters{}.text(tenant.str()).micros(before).text(behind).int4(std::min(limit, page)));
    StoredEvents events;
    for (int i = 0; i < rows.size(); ++i) {
      if (!visit(*events.read(rows, i, tenant, 0), rows.time(i, 11))) return;
      before = rows.unix_micros(i, 11);
      behind = rows.string(i, 0);
    }
    if (rows.size() < page) return;
    limit -= rows.size();
  }
}

}  // namespace opi::postgres
