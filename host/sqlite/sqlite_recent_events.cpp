#include "sqlite/query.hpp"
#include "sqlite/sqlite_delivery_query.hpp"

namespace opi::sqlite {
namespace {

constexpr Statement select_recent_events{"recent_events", R"(
  SELECT event_id, event_type, schema_version, source, event_timestamp, correlation_id, causation_id, alert_id,
         evidence_id, ticket_id, payload, received_at_ms
  FROM integration_events INDEXED BY integration_events_by_time
  WHERE tenant_id = ? ORDER BY received_at_ms DESC, event_id DESC LIMIT ?)"};

}  // namespace

void SqliteDeliveryQuery::recent_events(const TenantId& tenant, int limit,
                                        const std::function<bool(const Event& event, UnixTime received_at)>& visit) {
  const auto session = database_.reader();
  Query rows{*session, select_recent_events};
  rows.text(tenant.str()).integer(limit);
  while (rows.step()) {
    Event event;
    event.tenant_id = tenant;
    event.event_id = EventId::parse(rows.view(0)).value();
    int column = 1;
    for (std::string* field :
         {&event.event_type, &event.schema_version, &event.source, &event.timestamp, &event.correlation_id,
          &event.causation_id, &event.alert_id, &event.evidence_id, &event.ticket_id, &event.payload})
      *field = rows.string(column++);
    if (!visit(event, rows.time_at(column))) return;
  }
}

}  // namespace opi::sqlite
