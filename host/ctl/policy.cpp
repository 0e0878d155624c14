#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

// The tenant's own, or the override of one destination.
std::string path_of(const Arguments& arguments) {
  return arguments.has("destination") ? "/destinations/" + segment(arguments.get("destination")) + "/policy"
                                      : "/policy";
}

int show_policy(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, path_of(arguments)));
}

int set_policy(Context& context, const Arguments& arguments) {
  const auto document = read_document(context, arguments.get("FILE"));
  return show(context, call(context, arguments, {"PUT", path_of(arguments), {}, document, arguments.revision()}));
}

int clear_policy(Context& context, const Arguments& arguments) {
  const bool of_destination = arguments.has("destination");
  return show(context, call(context, arguments,
                            {of_destination ? "DELETE" : "PUT",
                             path_of(arguments),
                             {},
                             of_destination ? "" : "{}",
                             arguments.revision()}));
}

const Option destination{"destination", "DESTINATION", "of this destination; else the tenant's own"};

}  // namespace

std::vector<Command> policy_commands() {
  return {{"policy show",
           "a delivery policy, what it comes to, and the waits before each attempt",
           "",
           {},
           {tenant_option(), destination},
           show_policy},
          {"policy set",
           "replace a delivery policy",
           "The document may hold max_attempts, timeout_ms, backoff_initial_ms, backoff_factor, backoff_cap_ms, "
           "backoff_jitter, retry_after_max_ms, dead_letter and retryable_statuses; what is left out comes from the "
           "level above.",
           {{"FILE", "a JSON document; - is standard input"}},
           {tenant_option(), destination, if_match_option()},
           set_policy},
          {"policy clear",
           "let everything come from the level above again",
           "",
           {},
           {tenant_option(), destination, if_match_option()},
           clear_policy}};
}

}  // namespace opi::ctl
