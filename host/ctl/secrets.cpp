#include <boost/json/array.hpp>

#include "ctl/failure.hpp"
#include "ctl/reference_input.hpp"
#include "ctl/services.hpp"
#include "ctl/table.hpp"
#include "domain/new_uuid.hpp"
#include "domain/receiver.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;
using secrets::CredentialState;

// As if the tenant had a destination with this one credential.
CredentialState look(Context& context, const TenantId& tenant, const std::string& reference) {
  auto destination = std::make_shared<Destination>();
  destination->tenant_id = tenant;
  destination->id = DestinationId{new_uuid(context.clock(), context.random())};
  destination->credentials = {{"check", 1, reference, {}, {}}};
  bind_credentials(*destination);
  return context.services().plugins().check().postures({destination}).front().front().state;
}

int check_reference(Context& context, const Arguments& arguments) {
  const TenantId tenant = arguments.tenant();
  const auto reference = reference_of(context, arguments.get("REFERENCE"));
  const auto scheme_end = reference.find("://");
  const auto fault = context.services().plugins().check().reference_fault(reference, tenant);
  const auto state = fault ? CredentialState::denied : look(context, tenant, reference);
  const auto posture = to_string(state);
  const json::object document{
      {"provider",
       scheme_end == std::string::npos ? json::value(nullptr) : json::value(reference.substr(0, scheme_end))},
      {"usable", !fault},
      {"fault", fault ? json::value(*fault) : json::value(nullptr)},
      {"posture", fault ? json::value(nullptr) : json::value(json::string_view(posture.data(), posture.size()))}};
  if (context.json())
    print_json(context, document);
  else
    print_members(context.out(), document);
  return state == CredentialState::resolved ? exit_ok : exit_findings;
}

int check_destination(Context& context, const Arguments& arguments) {
  const auto answer =
      get(context, arguments, "/destinations/" + segment(arguments.get("destination")) + "/credentials");
  bool resolved = true;
  for (const auto& credential : answer.body.at("credentials").as_array())
    resolved = resolved && (!credential.at("current").as_bool() || credential.at("posture").as_string() == "resolved");
  if (context.json())
    print_json(context, answer.body);
  else
    print_table(context.out(),
                {{"PURPOSE", "purpose"},
                 {"VERSION", "version"},
                 {"CURRENT", "current"},
                 {"PROVIDER", "provider"},
                 {"POSTURE", "posture"}},
                answer.body.at("credentials").as_array());
  return resolved ? exit_ok : exit_findings;
}

int check(Context& context, const Arguments& arguments) {
  if (arguments.has("REFERENCE") == arguments.has("destination"))
    throw usage_failure("secrets check takes a REFERENCE (or - for standard input) or --destination");
  return arguments.has("destination") ? check_destination(context, arguments) : check_reference(context, arguments);
}

}  // namespace

std::vector<Command> secret_commands() {
  return {{"secrets check",
           "whether a reference, or what a destination refers to, resolves",
           "Neither value nor reference is ever shown. Exit code 1 if it does not resolve.",
           {{"REFERENCE", "where the secret is; - reads it from standard input", false}},
           {tenant_option(), {"destination", "DESTINATION", "check this destination's credentials"}},
           check}};
}

}  // namespace opi::ctl
