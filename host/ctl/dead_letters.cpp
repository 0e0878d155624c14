#include <boost/json/serialize.hpp>
#include <ostream>

#include "ctl/failure.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr std::int64_t max_moves = 10'000;

int list_dead_letters(Context& context, const Arguments& arguments) {
  return list(context, arguments, "/dead-letters", "dead_letters",
              {{"DEAD LETTER", "delivery_id"},
               {"ATTEMPTS", "attempts"},
               {"HTTP", "last_http_status"},
               {"ENDED", "completed_at"},
               {"EVENT TYPE", "event_type"},
               {"DESTINATION", "destination_id"},
               {"WHY", "explanation"}});
}

int show_dead_letter(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, "/dead-letters/" + segment(arguments.get("ID"))));
}

// One by its id, or those of a filter: then only counted unless --yes says otherwise.
int move(Context& context, const Arguments& arguments, const std::string& verb) {
  const auto filter = arguments.texts(Option::Use::body);
  json::object document;
  if (arguments.has("reason")) document["reason"] = arguments.get("reason");
  if (arguments.has("ID")) {
    if (!filter.empty() || arguments.has("every") || arguments.has("yes") || arguments.has("dry-run") ||
        arguments.has("limit"))
      throw usage_failure("an ID stands alone: filters, --every, --limit, --yes and --dry-run are for many");
    return show(context,
                call(context, arguments,
                     {"POST", "/dead-letters/" + segment(arguments.get("ID")) + verb, {}, json::serialize(document)}));
  }
  if (filter.empty() != arguments.has("every"))
    throw usage_failure("name an ID, or filters, or --every for all dead letters of the tenant");
  if (arguments.has("yes") && arguments.has("dry-run"))
    throw usage_failure("--yes and --dry-run contradict each other");
  document["filter"] = filter;
  document["dry_run"] = !arguments.has("yes");
  if (const auto limit = arguments.number("limit", 1, max_moves)) document["limit"] = *limit;
  const auto answer = call(context, arguments, {"POST", "/dead-letters" + verb, {}, json::serialize(document)});
  show(context, answer);
  if (!context.json() && !arguments.has("yes")) context.err() << "nothing was changed; --yes does it\n";
  return exit_ok;
}

int replay(Context& context, const Arguments& arguments) { return move(context, arguments, ":replay"); }
int discard(Context& context, const Arguments& arguments) { return move(context, arguments, ":discard"); }

std::vector<Option> move_options() {
  auto filters = filter_options();
  for (auto& option : filters) option.use = Option::Use::body;
  return std::vector{tenant_option()} + filters +
         std::vector<Option>{{"every", "", "all dead letters of the tenant, instead of filters"},
                             {"limit", "N", "at most so many, the oldest; 1000 if not given, at most 10000"},
                             {"dry-run", "", "only count those that match; so it is without --yes"},
                             {"yes", "", "do it"}};
}

}  // namespace

std::vector<Command> dead_letter_commands() {
  return {
      {"dead-letters list",
       "what waits for a person, and why it ended",
       "",
       {},
       std::vector{tenant_option()} + filter_options() + page_options(),
       list_dead_letters},
      {"dead-letters show",
       "one dead letter, with what to check first",
       "",
       {{"ID", "the delivery's id"}},
       {tenant_option()},
       show_dead_letter},
      {"dead-letters replay",
       "send dead letters again",
       "One by its ID, or those that filters name, which are only counted unless --yes is given. A replay keeps the "
       "idempotency key and has the policy's attempts once more.",
       {{"ID", "the delivery's id", false}},
       move_options(),
       replay},
      {"dead-letters discard",
       "give dead letters up, for good",
       "As replay; the reason stands in the audit trail.",
       {{"ID", "the delivery's id", false}},
       move_options() + std::vector<Option>{{"reason", "TEXT", "why, 1 to 512 bytes", Option::Use::own, true}},
       discard}};
}

}  // namespace opi::ctl
