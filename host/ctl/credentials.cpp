#include <boost/json/serialize.hpp>
#include <limits>

#include "ctl/failure.hpp"
#include "ctl/reference_input.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

std::string path_of(const Arguments& arguments) {
  return "/destinations/" + segment(arguments.get("DESTINATION")) + "/credentials";
}

std::string purpose_path(const Arguments& arguments) {
  return path_of(arguments) + "/" + segment(arguments.get("PURPOSE"));
}

int print(Context& context, const Answer& answer) {
  if (context.json()) return show(context, answer);
  print_table(context.out(),
              {{"PURPOSE", "purpose"},
               {"VERSION", "version"},
               {"CURRENT", "current"},
               {"PROVIDER", "provider"},
               {"POSTURE", "posture"},
               {"PUBLIC KEYS", "public_keys"},
               {"WARNING", "warning"},
               {"CREATED", "created_at"},
               {"EXPIRES", "expires_at"}},
              answer.body.at("credentials").as_array());
  return exit_ok;
}

int list_credentials(Context& context, const Arguments& arguments) {
  return print(context, get(context, arguments, path_of(arguments)));
}

int put_credential(Context& context, const Arguments& arguments) {
  const json::object document{{"reference", reference_of(context, arguments.get("reference"))}};
  return print(context, call(context, arguments,
                             {"PUT", purpose_path(arguments), {}, json::serialize(document), arguments.revision()}));
}

int rotate_credential(Context& context, const Arguments& arguments) {
  constexpr std::int64_t max_overlap = 2'592'000'000;  // 30 days
  json::object document{{"reference", reference_of(context, arguments.get("reference"))}};
  if (const auto overlap = arguments.number("overlap-ms", 0, max_overlap)) document["overlap_ms"] = *overlap;
  return print(
      context,
      call(context, arguments,
           {"POST", purpose_path(arguments) + ":rotate", {}, json::serialize(document), arguments.revision()}));
}

int revoke_credential(Context& context, const Arguments& arguments) {
  const auto version = arguments.number("only-version", 1, std::numeric_limits<int>::max());
  const std::string path = purpose_path(arguments) + (version ? "/versions/" + std::to_string(*version) : "");
  return print(context, call(context, arguments, {"DELETE", path, {}, "", arguments.revision()}));
}

const Positional destination{"DESTINATION", "its id"};
const Positional purpose{"PURPOSE", "what the adapter has it for, such as signing"};
const Option reference{"reference", "REFERENCE", "where the secret is; - reads it from standard input",
                       Option::Use::own, true};

}  // namespace

std::vector<Command> credential_commands() {
  return {
      {"credentials list",
       "how a destination's credentials stand",
       "References are never shown.",
       {destination},
       {tenant_option()},
       list_credentials},
      {"credentials put",
       "make a reference the only version of a purpose",
       "What stands on a command line can be read by everyone on the node; - keeps the reference from it.",
       {destination, purpose},
       {tenant_option(), reference, if_match_option()},
       put_credential},
      {"credentials rotate",
       "make a reference the current version, the old ones beside it for a while",
       "",
       {destination, purpose},
       {tenant_option(),
        reference,
        {"overlap-ms", "MS", "how long the old versions still sign; 24 hours if not given, at most 30 days"},
        if_match_option()},
       rotate_credential},
      {"credentials revoke",
       "end the versions of a purpose",
       "",
       {destination, purpose},
       {tenant_option(), {"only-version", "N", "only this one"}, if_match_option()},
       revoke_credential},
  };
}

}  // namespace opi::ctl
