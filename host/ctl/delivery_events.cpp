#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

int list_delivery_events(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/delivery-events", "delivery_events",
              {{"TIME", "timestamp"},
               {"EVENT TYPE", "event_type"},
               {"DELIVERY", "payload.delivery_id"},
               {"DESTINATION", "payload.destination_id"},
               {"EVENT", "causation_id"}});
}

}  // namespace

std::vector<Command> delivery_event_commands() {
  return {{"delivery-events list",
           "the feed of what became of deliveries, oldest first",
           "With --json, resume_cursor is where the next look goes on.",
           {},
           std::vector{tenant_option(),
                       Option{"types", "TYPES", "ticket.delivery.* types with commas between", Option::Use::query}} +
               page_options(),
           list_delivery_events}};
}

}  // namespace opi::ctl
