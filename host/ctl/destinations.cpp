#include <boost/json/serialize.hpp>

#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

std::string path_of(const Arguments& arguments, const char* verb = "") {
  return "/destinations/" + segment(arguments.get("DESTINATION")) + verb;
}

int list_destinations(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/destinations", "destinations",
              {{"DESTINATION", "destination_id"},
               {"NAME", "name"},
               {"ADAPTER", "adapter"},
               {"ENABLED", "enabled"},
               {"HELD", "held.cause"},
               {"CREDENTIALS", "credential_posture"},
               {"EVENTS", "event_types"}});
}

int show_destination(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, path_of(arguments)));
}

int create_destination(Context& context, const Arguments& arguments) {
  const auto document = read_document(context, arguments.get("FILE"));
  return show(context, call(context, arguments, {"POST", "/destinations", {}, document}));
}

int replace_destination(Context& context, const Arguments& arguments) {
  const auto document = read_document(context, arguments.get("FILE"));
  return show(context, call(context, arguments, {"PUT", path_of(arguments), {}, document, arguments.revision()}));
}

// What replace takes of what show tells; what it would leave as it is when it is left out stays out.
int set_filter(Context& context, const Arguments& arguments) {
  const auto shown = call(context, arguments, {"GET", path_of(arguments)});
  json::object document;
  for (const char* member :
       {"name", "adapter", "event_types", "signing", "order", "config", "max_in_flight", "rate_limit_per_second"})
    document[member] = shown.body.at(member);
  const auto filter = arguments.get("FILTER");
  document["filter"] = filter.empty() ? json::value(nullptr) : json::value(filter);
  const auto seen = arguments.has("if-match") ? arguments.revision() : shown.revision;
  return show(context, call(context, arguments, {"PUT", path_of(arguments), {}, json::serialize(document), seen}));
}

int enable_destination(Context& context, const Arguments& arguments) {
  return show(context, call(context, arguments, {"POST", path_of(arguments, ":enable"), {}, "", arguments.revision()}));
}

int disable_destination(Context& context, const Arguments& arguments) {
  return show(context, call(context, arguments,
                            {"POST",
                             path_of(arguments, ":disable"),
                             {},
                             json::serialize(arguments.texts(Option::Use::body)),
                             arguments.revision()}));
}

int delete_destination(Context& context, const Arguments& arguments) {
  call(context, arguments, {"DELETE", path_of(arguments), {}, "", arguments.revision()});
  const std::string id = arguments.get("DESTINATION");
  return tell(context, {{"destination_id", id}, {"deleted", true}}, "destination " + id + " is deleted");
}

int test_destination(Context& context, const Arguments& arguments) {
  const auto answer = call(context, arguments, {"POST", path_of(arguments, ":test"), arguments.query(), ""});
  show(context, answer);
  // Without an attempt nothing is wrong yet; only one that failed is a finding.
  const auto* attempt = answer.body.at("attempt").if_object();
  return attempt == nullptr || attempt->at("result").as_string() == "succeeded" ? exit_ok : exit_findings;
}

const Positional id{"DESTINATION", "its id"};
const Positional document{"FILE", "a JSON document as the API takes it; - is standard input"};

}  // namespace

std::vector<Command> destination_commands() {
  using enum Option::Use;
  return {
      {"destinations list",
       "the tenant's destinations, in the order of their creation",
       "",
       {},
       std::vector{
           tenant_option(),
           Option{"enabled", "true|false", "only those that are, or are not", query, false, {"true", "false"}},
           Option{"held",
                  "true|false",
                  "only those that nothing is sent to, or the others",
                  query,
                  false,
                  {"true", "false"}},
           Option{"held-cause", "CAUSES", "only those held for this cause, or several with commas between", query},
           Option{"adapter", "ADAPTER", "only those of this adapter", query},
           Option{"q", "TEXT", "only those with this in their name, in any case", query}} +
           page_options(),
       list_destinations},
      {"destinations show", "one destination", "", {id}, {tenant_option()}, show_destination},
      {"destinations create",
       "make a destination",
       "The document holds name, adapter, endpoint and event_types, and may hold filter, enabled, signing, config, "
       "policy, "
       "max_in_flight and rate_limit_per_second.",
       {document},
       {tenant_option()},
       create_destination},
      {"destinations replace",
       "replace a destination",
       "The members are those of create without enabled. What is left out takes its default, but endpoint and policy "
       "stay; credentials stay too.",
       {id, document},
       {tenant_option(), if_match_option()},
       replace_destination},
      {"destinations set-filter",
       "let a destination have those events alone that a condition holds of",
       "FILTER is an expression such as '@.payload.severity >= 7'; an empty one takes the filter away. Try it first "
       "with "
       "filters preview. All else of the destination stays.",
       {id, {"FILTER", "a condition over an event, in which @ is the event"}},
       {tenant_option(), if_match_option()},
       set_filter},
      {"destinations enable",
       "send to a destination again",
       "What waited goes out.",
       {id},
       {tenant_option(), if_match_option()},
       enable_destination},
      {"destinations disable",
       "send nothing more to a destination",
       "What is due waits.",
       {id},
       {tenant_option(), if_match_option(), {"reason", "TEXT", "why, 1 to 512 bytes", body, true}},
       disable_destination},
      {"destinations delete",
       "delete a destination, alone or with what waits for it",
       "One with live deliveries is refused, which tells how many wait; with --cancel-waiting and that number they are "
       "cancelled with it. What was delivered stays on record.",
       {id},
       {tenant_option(),
        if_match_option(),
        {"cancel-waiting", "N", "cancel the deliveries that wait, which are so many (0 to 10000)", query}},
       delete_destination},
      {"destinations test",
       "send a test event to a destination",
       "The running daemon delivers it. Exit code 1 if the first attempt failed.",
       {id},
       {tenant_option(), {"wait-ms", "MS", "wait so long for the first attempt, 0 to 15000", query}},
       test_destination},
  };
}

}  // namespace opi::ctl
