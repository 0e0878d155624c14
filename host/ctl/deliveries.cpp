#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

std::string path_of(const Arguments& arguments) { return "/deliveries/" + segment(arguments.get("DELIVERY")); }

int list_deliveries(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/deliveries", "deliveries",
              {{"DELIVERY", "delivery_id"},
               {"STATE", "state"},
               {"HELD", "held.cause"},
               {"ATTEMPTS", "attempts"},
               {"HTTP", "last_http_status"},
               {"CREATED", "created_at"},
               {"EVENT TYPE", "event_type"},
               {"EVENT", "event_id"},
               {"DESTINATION", "destination_id"}});
}

int show_delivery(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, path_of(arguments)));
}

int list_attempts(Context& context, const Arguments& arguments) {
  const auto answer = get(context, arguments, path_of(arguments) + "/attempts");
  if (context.json()) return show(context, answer);
  print_table(context.out(),
              {{"ATTEMPT", "number"},
               {"STARTED", "started_at"},
               {"MS", "duration_ms"},
               {"RESULT", "result"},
               {"HTTP", "http_status"},
               {"REASON", "reason"},
               {"ERROR", "error_summary"}},
              answer.body.at("attempts").as_array());
  return exit_ok;
}

const Positional id{"DELIVERY", "its id"};

}  // namespace

std::vector<Command> delivery_commands() {
  using enum Option::Use;
  return {{"deliveries list",
           "the tenant's deliveries, newest first",
           "",
           {},
           std::vector{tenant_option(),
                       Option{"state", "STATES",
                              "in this state, or several with commas between: pending, delivering, retry_scheduled, "
                              "delivered, failed, dead_lettered",
                              query},
                       Option{"held",
                              "true|false",
                              "that wait because their destination is held, or not",
                              query,
                              false,
                              {"true", "false"}}} +
               std::vector{Option{"delivery-id", "ID", "this very one", query},
                           Option{"idempotency-key", "KEY", "with this key, 64 hex digits", query},
                           Option{"webhook-id", "ID", "that its receiver was shown with this webhook-id", query}} +
               filter_options() + page_options(),
           list_deliveries},
          {"deliveries show", "one delivery", "", {id}, {tenant_option()}, show_delivery},
          {"deliveries attempts", "what was tried for a delivery", "", {id}, {tenant_option()}, list_attempts}};
}

}  // namespace opi::ctl
