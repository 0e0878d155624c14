#include <boost/json/array.hpp>
#include <ostream>

#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

int show_health(Context& context, const Arguments& arguments) {
  const auto answer = get(context, arguments, "/delivery-health");
  if (context.json()) return show(context, answer);
  auto rows = answer.body.at("destinations").as_array();
  auto totals = answer.body.at("totals").as_object();
  totals["name"] = "(all)";
  rows.push_back(std::move(totals));
  context.out() << "from " << cell(answer.body.at("from")) << " to " << cell(answer.body.at("to")) << "\n";
  print_table(context.out(),
              {{"NAME", "name"},
               {"ENABLED", "enabled"},
               {"HELD", "held.cause"},
               {"DELIVERED", "delivered"},
               {"FAILED", "failed"},
               {"DEAD", "dead_lettered"},
               {"RETRIED", "retried"},
               {"MEAN MS", "latency_ms_mean"},
               {"MAX MS", "latency_ms_max"},
               {"PENDING", "pending"},
               {"RETRYING", "retry_scheduled"},
               {"HELD THERE", "held_deliveries"},
               {"PARKED", "parked"},
               {"LAST", "last_result.state"},
               {"DESTINATION", "destination_id"}},
              rows);
  return exit_ok;
}

}  // namespace

std::vector<Command> health_commands() {
  return {{"health",
           "the summary of delivery health, as the console shows it",
           "",
           {},
           {tenant_option(),
            {"from", "TIME", "RFC 3339; 24 hours before --to if not given", Option::Use::query},
            {"to", "TIME", "RFC 3339; now if not given", Option::Use::query}},
           show_health}};
}

}  // namespace opi::ctl
