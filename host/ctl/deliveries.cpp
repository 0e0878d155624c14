#include "ctl/bulk.hpp"
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

constexpr const char* every_waiting = "everything that waits of the tenant";

int cancel(Context& context, const Arguments& arguments) {
  return act(context, arguments, {"/deliveries", ":cancel", "DELIVERY", every_waiting});
}

int retry_delivery(Context& context, const Arguments& arguments) {
  return show(context, call(context, arguments, {"POST", path_of(arguments) + ":retry", {}, "{}"}));
}

int resend_delivery(Context& context, const Arguments& arguments) {
  return show(context, call(context, arguments, {"POST", path_of(arguments) + ":resend", {}, "{}"}));
}

const Positional id{"DELIVERY", "its id"};

}  // namespace

std::vector<Command> delivery_commands() {
  using enum Option::Use;
  return {
      {"deliveries list",
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
      {"deliveries attempts", "what was tried for a delivery", "", {id}, {tenant_option()}, list_attempts},
      {"deliveries cancel",
       "end deliveries that wait, for good",
       "One by its id, or those that filters name, which are only counted unless --yes is given. Each becomes a "
       "failed one whose last attempt, which sent nothing, says who cancelled it and why. What has an attempt under "
       "way is left alone until it has come back.",
       {{"DELIVERY", "its id", false}},
       bulk_options("everything that waits of the tenant, instead of filters",
                    "at most so many, the newest; 1000 if not given, at most 10000") +
           std::vector<Option>{{"state", "STATES", "only pending, or only retry_scheduled", body},
                               {"reason", "TEXT", "why, 1 to 512 bytes; needed to do it", own}},
       cancel},
      {"deliveries retry",
       "make a delivery that waits due at once",
       "A disabled destination, its circuit breaker and a pause that the receiver asked for are waited for as ever.",
       {id},
       {tenant_option()},
       retry_delivery},
      {"deliveries resend",
       "send again what was delivered, or failed",
       "Under its old id and idempotency key, with the policy's attempts once more. Many: operations start resend.",
       {id},
       {tenant_option()},
       resend_delivery}};
}

}  // namespace opi::ctl
