#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

// "alert.*,ticket.created"
json::array types_of(std::string_view list) {
  json::array types;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    types.emplace_back(json::string_view{list.data(), end});
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return types;
}

int preview_filter(Context& context, const Arguments& arguments) {
  json::object document{{"filter", arguments.get("FILTER")}, {"event_types", types_of(arguments.get("types", "*"))}};
  if (const auto events = arguments.number("events", 1, 1000)) document["events"] = *events;
  const auto answer = call(context, arguments, {"POST", "/filters:preview", {}, json::serialize(document)});
  if (context.json()) return show(context, answer);
  const auto& body = answer.body;
  context.out() << "would have matched " << cell(body.at("matched")) << " of " << cell(body.at("events"))
                << " events since " << cell(body.at("from")) << "\n";
  const auto& matches = body.at("matches").as_array();
  if (!matches.empty())
    print_table(context.out(), {{"EVENT", "event_id"}, {"TYPE", "event_type"}, {"RECEIVED", "received_at"}}, matches);
  return exit_ok;
}

}  // namespace

std::vector<Command> filter_commands() {
  return {{"filters preview",
           "which of the last events a filter would have let through",
           "Changes nothing. The language is told in docs/filters.md.",
           {{"FILTER", "a condition over an event, such as '@.payload.severity >= 7'"}},
           {tenant_option(),
            {"types", "TYPES", "event types as a destination has them, with commas between; * if not given"},
            {"events", "N", "how many to look at, 1 to 1000; 300 if not given"}},
           preview_filter}};
}

}  // namespace opi::ctl
