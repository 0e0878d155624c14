#include <boost/json/serialize.hpp>
#include <ostream>

#include "ctl/failure.hpp"
#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr std::int64_t max_days = 3650;

// Tokens of system administrators are the installation's.
Arguments with_owner(const Arguments& arguments) {
  if (arguments.has("tenant")) return arguments;
  return arguments.with("tenant", "_system");
}

int list_tokens(Context& context, const Arguments& arguments) {
  return list(context, with_owner(arguments), "/tokens", "tokens",
              {{"PREFIX", "prefix"},
               {"ROLE", "role"},
               {"LABEL", "label"},
               {"CREATED", "created_at"},
               {"EXPIRES", "expires_at"},
               {"REVOKED", "revoked_at"}});
}

int issue_token(Context& context, const Arguments& arguments) {
  const bool of_installation = arguments.get("role") == "system_admin";
  if (of_installation == arguments.has("tenant"))
    throw usage_failure("--tenant is needed for every role but system_admin, which has none");
  json::object document{{"role", arguments.get("role")}, {"label", arguments.get("label")}};
  if (const auto days = arguments.number("expires-in-days", 0, max_days); days && *days > 0)
    document["expires_in_days"] = *days;
  const auto answer = call(context, with_owner(arguments), {"POST", "/tokens", {}, json::serialize(document)});
  if (context.json()) {
    print_json(context, answer.body);
    return exit_ok;
  }
  context.out() << cell(answer.body.at("token")) << "\n";
  context.err() << "token " << cell(answer.body.at("prefix")) << "… is shown only this once\n";
  return exit_ok;
}

int revoke_token(Context& context, const Arguments& arguments) {
  const std::string prefix = arguments.get("PREFIX");
  call(context, with_owner(arguments), {"DELETE", "/tokens/" + segment(prefix)});
  return tell(context, {{"prefix", prefix}, {"revoked", true}}, "token " + prefix + "… is revoked");
}

int issue_link(Context& context, const Arguments& arguments) {
  json::object document{{"role", arguments.get("role")}, {"subject", arguments.get("subject")}};
  if (const auto minutes = arguments.number("valid-minutes", 1, 60)) document["valid_minutes"] = *minutes;
  if (const auto minutes = arguments.number("session-minutes", 1, 480)) document["session_minutes"] = *minutes;
  const auto answer = call(context, arguments, {"POST", "/portal-links", {}, json::serialize(document)});
  if (context.json()) {
    print_json(context, answer.body);
    return exit_ok;
  }
  context.out() << cell(answer.body.at("path")) << "\n";
  context.err() << "it goes behind the console's host, works once, and until " << cell(answer.body.at("expires_at"))
                << "\n";
  return exit_ok;
}

const Option owner_option{"tenant", "TENANT", "whose; without it, those of the installation's system administrators"};

}  // namespace

std::vector<Command> token_commands() {
  return {
      {"tokens list", "the API tokens, newest first", "", {}, std::vector{owner_option} + page_options(), list_tokens},
      {"tokens issue",
       "make an API token and print it, once",
       "It is stored as its hash. Standard output has nothing but the token.",
       {},
       {owner_option,
        {"role",
         "ROLE",
         "what its holder may do",
         Option::Use::own,
         true,
         {"producer", "auditor", "operator", "tenant_admin", "system_admin"}},
        {"label", "LABEL", "what it is for, at most 200 bytes"},
        {"expires-in-days", "N", "1 to 3650; 0, as if not given: never"}},
       issue_token,
       "token issue"},
      {"tokens revoke",
       "end an API token",
       "Running daemons feel it within five seconds. Revoking it once more changes nothing.",
       {{"PREFIX", "as tokens list shows it"}},
       {owner_option},
       revoke_token},
      {"portal-links issue",
       "make a one-time address of the console for somebody without a token, and print its path",
       "Whoever opens it first is signed in to the tenant with the role.",
       {},
       {tenant_option(),
        {"role", "ROLE", "what its holder may do", Option::Use::own, true, {"auditor", "operator", "tenant_admin"}},
        {"subject", "SUBJECT", "whom it is for, as audit records are to name it; at most 100 bytes", Option::Use::own,
         true},
        {"valid-minutes", "N", "1 to 60, for it to be opened; 5 if not given"},
        {"session-minutes", "N", "1 to 480, how long its session lasts; 60 if not given"}},
       issue_link},
  };
}

}  // namespace opi::ctl
