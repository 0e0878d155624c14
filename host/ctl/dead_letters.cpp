#include "ctl/bulk.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

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

constexpr const char* every = "all dead letters of the tenant";
constexpr const char* instead_of_filters = "all dead letters of the tenant, instead of filters";
constexpr const char* most = "at most so many, the oldest; 1000 if not given, at most 10000";

int replay(Context& context, const Arguments& arguments) {
  return act(context, arguments, {"/dead-letters", ":replay", "ID", every});
}
int discard(Context& context, const Arguments& arguments) {
  return act(context, arguments, {"/dead-letters", ":discard", "ID", every});
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
       "idempotency key and has the policy's attempts once more. What went to a deleted destination is neither counted "
       "nor sent.",
       {{"ID", "the delivery's id", false}},
       bulk_options(instead_of_filters, most),
       replay},
      {"dead-letters discard",
       "give dead letters up, for good",
       "As replay; the reason stands in the audit trail.",
       {{"ID", "the delivery's id", false}},
       bulk_options(instead_of_filters, most) +
           std::vector<Option>{{"reason", "TEXT", "why, 1 to 512 bytes", Option::Use::own, true}},
       discard}};
}

}  // namespace opi::ctl
