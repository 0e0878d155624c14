#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "domain/event.hpp"
#include "postgres/rows.hpp"

namespace opi::postgres {

// The events of one result. Several deliveries of one event share one object.
class StoredEvents {
 public:
  // Columns from `first`: event_id, event_type, schema_version, source, event_timestamp, correlation_id,
  // causation_id, alert_id, evidence_id, ticket_id, payload, producer.
  std::shared_ptr<const Event> read(const Rows& rows, int row, const TenantId& tenant, int first) {
    auto& event = events_[tenant.str() + '\n' + rows.string(row, first)];
    if (event) return event;
    auto made = std::make_shared<Event>();
    made->tenant_id = tenant;
    made->event_id = EventId::parse(rows.text(row, first)).value();
    int column = first + 1;
    for (std::string* field :
         {&made->event_type, &made->schema_version, &made->source, &made->timestamp, &made->correlation_id,
          &made->causation_id, &made->alert_id, &made->evidence_id, &made->ticket_id, &made->payload, &made->producer})
      *field = rows.string(row, column++);
    return event = std::move(made);
  }

 private:
  std::unordered_map<std::string, std::shared_ptr<const Event>> events_;
};

}  // namespace opi::postgres
