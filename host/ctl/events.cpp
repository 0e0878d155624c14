#include <ostream>

#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

const std::vector<Column> delivery_columns{{"DELIVERY", "delivery_id"},      {"STATE", "state"},
                                           {"ATTEMPTS", "attempts"},         {"HTTP", "last_http_status"},
                                           {"REASON", "last_reason"},        {"CREATED", "created_at"},
                                           {"DESTINATION", "destination_id"}};

int list_events(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/events", "events",
              {{"EVENT", "event_id"},
               {"EVENT TYPE", "event_type"},
               {"RECEIVED", "received_at"},
               {"PRODUCER", "producer"},
               {"SOURCE", "source"},
               {"DELIVERIES", "delivery_count"},
               {"CORRELATION", "correlation_id"}});
}

int show_event(Context& context, const Arguments& arguments) {
  auto answer = get(context, arguments, "/events/" + segment(arguments.get("EVENT")));
  if (context.json()) return show(context, answer);
  const auto deliveries = answer.body.at("deliveries").as_array();
  answer.body.erase("deliveries");
  const int code = show(context, answer);
  if (!deliveries.empty()) print_table(context.out(), delivery_columns, deliveries);
  return code;
}

// As it came, to the byte.
int show_payload(Context& context, const Arguments& arguments) {
  const auto answer = get(context, arguments, "/events/" + segment(arguments.get("EVENT")) + "/payload");
  if (context.json()) return show(context, answer);
  const auto& text = answer.body.at("payload").as_string();
  context.out() << std::string_view(text.data(), text.size());
  return exit_ok;
}

}  // namespace

std::vector<Command> event_commands() {
  using enum Option::Use;
  return {{"events list",
           "the events that came in, newest first",
           "Those that nobody subscribed to as well: they have no deliveries.",
           {},
           std::vector{tenant_option(), Option{"event-type", "TYPE", "of this type", query},
                       Option{"source", "SOURCE", "whose envelope names this source", query},
                       Option{"producer", "KIND:ID", "handed in by this one, such as token:opi_1a2b", query},
                       Option{"correlation-id", "ID", "with this correlation id", query},
                       Option{"alert-id", "ID", "about this alert", query},
                       Option{"evidence-id", "ID", "about this evidence", query},
                       Option{"ticket-id", "ID", "about this ticket", query},
                       Option{"idempotency-key", "KEY", "one of whose deliveries has this key", query},
                       Option{"received-from", "TIME", "received at this time or later, RFC 3339", query},
                       Option{"received-to", "TIME", "received before this time, RFC 3339", query}} +
               page_options(),
           list_events},
          {"events show", "one event and what became of it", "", {{"EVENT", "its id"}}, {tenant_option()}, show_event},
          {"events payload",
           "what an event says, byte for byte",
           "Of tenants that payloads.readable_tenants names. The reading is an audit record.",
           {{"EVENT", "its id"}},
           {tenant_option()},
           show_payload}};
}

}  // namespace opi::ctl
