#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

constexpr const char* rules_path = "/alert-rules";

int list_alerts(Context& context, const Arguments& arguments) {
  const auto answer = get(context, arguments, "/alerts");
  if (context.json()) return show(context, answer);
  print_table(context.out(),
              {{"ACTIVE", "active"},
               {"KIND", "kind"},
               {"DESTINATION", "destination_name"},
               {"SINCE", "since"},
               {"RAISED", "raised_at"},
               {"CLEARED", "cleared_at"},
               {"TOLD", "recipients"},
               {"DETAIL", "detail"},
               {"WHAT TO DO", "remedy"},
               {"ALERT", "alert_id"}},
              answer.body.at("alerts").as_array());
  return exit_ok;
}

int show_rules(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, rules_path));
}

int set_rules(Context& context, const Arguments& arguments) {
  const auto document = read_document(context, arguments.get("FILE"));
  return show(context, call(context, arguments, {"PUT", rules_path, {}, document, arguments.revision()}));
}

}  // namespace

std::vector<Command> alert_commands() {
  return {
      {"alerts list",
       "what destinations are in trouble with, and what they were not long ago",
       "Those that are active come first. TOLD is to how many destinations the last event about it went.",
       {},
       {tenant_option(),
        {"active", "BOOLEAN", "true: only those that are active; false: only those that are not", Option::Use::query},
        {"limit", "N", "at most so many, 1 to 200; 100 if not given", Option::Use::query}},
       list_alerts},
      {"alert-rules show",
       "when alerts are raised: what the tenant sets, and what holds",
       "",
       {},
       {tenant_option()},
       show_rules},
      {"alert-rules set",
       "replace the tenant's rules for alerts",
       "The document may hold failing_minutes, failing_attempts, dead_letters, credential_refused, "
       "credential_days, held_minutes, clear_minutes, repeat_minutes and disable_after_days; what is left out is "
       "as it comes, and 0 switches a rule off.",
       {{"FILE", "a JSON document; - is standard input"}},
       {tenant_option(), if_match_option()},
       set_rules}};
}

}  // namespace opi::ctl
