#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <span>
#include <thread>

#include "crypto/digest.hpp"
#include "ctl/daemons_eyes.hpp"
#include "ctl/failure.hpp"
#include "ctl/reference_input.hpp"
#include "ctl/services.hpp"
#include "ctl/table.hpp"
#include "domain/new_uuid.hpp"
#include "domain/receiver.hpp"
#include "node/plugin_report.hpp"
#include "node/provider_settings.hpp"
#include "node/secret_refresh.hpp"
#include "secrets/signing_key.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;
using secrets::CredentialState;

// In the middle of what Standard Webhooks asks for, and as long as the MAC that is made with it.
constexpr std::size_t generated_key_bytes = 32;

struct Look {
  secrets::CredentialPosture posture;
  std::string reason;  // empty if it resolves
};

// As if the tenant had a destination with this one credential.
Look look(Context& context, const TenantId& tenant, const std::string& purpose, const std::string& reference) {
  auto destination = std::make_shared<Destination>();
  destination->tenant_id = tenant;
  destination->id = DestinationId{new_uuid(context.clock(), context.random())};
  destination->credentials = {{purpose, 1, reference, {}, {}}};
  bind_credentials(*destination);
  auto& plugins = context.services().plugins();
  auto posture = plugins.check().postures({destination}).front().front();
  auto reason = posture.state == CredentialState::resolved ? "" : plugins.failure(destination, purpose);
  return {std::move(posture), std::move(reason)};
}

int check_reference(Context& context, const Arguments& arguments) {
  const TenantId tenant = arguments.tenant();
  const auto reference = reference_of(context, arguments.get("REFERENCE"));
  const auto scheme_end = reference.find("://");
  const auto fault = context.services().plugins().check().reference_fault(reference, tenant);
  const auto purpose = arguments.has("purpose") ? arguments.get("purpose") : std::string(secrets::signing_purpose);
  const auto seen =
      fault ? Look{{purpose, 1, CredentialState::denied, {}, {}}, *fault} : look(context, tenant, purpose, reference);
  const auto state = seen.posture.state;
  const auto posture = to_string(state);
  const json::object document{
      {"provider",
       scheme_end == std::string::npos ? json::value(nullptr) : json::value(reference.substr(0, scheme_end))},
      {"usable", state == CredentialState::resolved},
      {"fault", fault ? json::value(*fault) : json::value(nullptr)},
      {"posture", fault ? json::value(nullptr) : json::value(json::string_view(posture.data(), posture.size()))},
      {"reason", seen.reason.empty() ? json::value(nullptr) : json::value(seen.reason)},
      {"warning", seen.posture.warning.empty() ? json::value(nullptr) : json::value(seen.posture.warning)},
      {"public_keys", json::array(seen.posture.public_keys.begin(), seen.posture.public_keys.end())}};
  if (context.json())
    print_json(context, document);
  else
    print_members(context.out(), document);
  return state == CredentialState::resolved ? exit_ok : exit_findings;
}

// What the API's document keeps to itself: it is for who operates the node.
json::value reason_of(Context& context, const Arguments& arguments, const json::object& credential) {
  const auto id = DestinationId::parse(arguments.get("destination"));
  const auto catalog = context.services().catalog();
  if (credential.at("posture").as_string() == "resolved" || !id || !catalog->destinations.contains(*id)) return nullptr;
  const std::string purpose(credential.at("purpose").as_string().c_str());
  const auto reason = context.services().plugins().failure(catalog->destinations.at(*id), purpose);
  return reason.empty() ? json::value(nullptr) : json::value(reason);
}

int check_destination(Context& context, const Arguments& arguments) {
  auto answer = get(context, arguments, "/destinations/" + segment(arguments.get("destination")) + "/credentials");
  bool resolved = true;
  for (auto& credential : answer.body.at("credentials").as_array()) {
    credential.as_object()["reason"] = reason_of(context, arguments, credential.as_object());
    resolved = resolved && (!credential.at("current").as_bool() || credential.at("posture").as_string() == "resolved");
  }
  if (context.json())
    print_json(context, answer.body);
  else
    print_table(context.out(),
                {{"PURPOSE", "purpose"},
                 {"VERSION", "version"},
                 {"CURRENT", "current"},
                 {"PROVIDER", "provider"},
                 {"POSTURE", "posture"},
                 {"REASON", "reason"},
                 {"PUBLIC KEYS", "public_keys"},
                 {"WARNING", "warning"}},
                answer.body.at("credentials").as_array());
  return resolved ? exit_ok : exit_findings;
}

int check(Context& context, const Arguments& arguments) {
  if (arguments.has("REFERENCE") == arguments.has("destination"))
    throw usage_failure("secrets check takes a REFERENCE (or - for standard input) or --destination");
  look_with_the_daemons_eyes(context.configuration());
  return arguments.has("destination") ? check_destination(context, arguments) : check_reference(context, arguments);
}

// The public half goes to whoever has a key of its own to look after: with the secret in a document, and beside it
// where the secret alone is what is written to a file.
void print_generated(Context& context, const std::string& secret, const std::string& public_key) {
  if (context.json()) {
    json::object document{{"secret", secret}};
    if (!public_key.empty()) document["public_key"] = public_key;
    return print_json(context, document);
  }
  context.out() << secret << '\n';
  if (!public_key.empty()) context.err() << public_key << '\n';
}

// The forms that receivers' libraries read alike (docs/receivers/libraries.md): of a private key seed and public key,
// which is what Standard Webhooks calls a key pair.
int generate(Context& context, const Arguments& arguments) {
  std::array<std::uint8_t, 2 * generated_key_bytes> key{};
  context.random().fill(std::span(key).first<generated_key_bytes>());
  std::string secret, public_key;
  if (arguments.has("ed25519")) {
    const auto own = crypto::Ed25519Key::from_seed(std::span(key).first<generated_key_bytes>()).public_key();
    std::ranges::copy(own, key.begin() + generated_key_bytes);
    secret = "whsk_" + crypto::to_base64(key);
    public_key = secrets::public_key_text(own);
  } else {
    secret = "whsec_" + crypto::to_base64(std::span(key).first<generated_key_bytes>());
  }
  print_generated(context, secret, public_key);
  ::explicit_bzero(secret.data(), secret.size());
  ::explicit_bzero(key.data(), key.size());
  return exit_ok;
}

constexpr std::chrono::milliseconds refresh_patience{15'000}, refresh_poll{50};

secrets::SecretBroker::Scope scope_of(Context& context, const Arguments& arguments) {
  const int given = int{arguments.has("REFERENCE")} + int{arguments.has("destination")} + int{arguments.has("all")};
  if (given != 1)
    throw usage_failure("secrets refresh takes a REFERENCE (or - for standard input), --destination, or --all");
  if (arguments.has("REFERENCE")) return {{}, reference_of(context, arguments.get("REFERENCE"))};
  if (arguments.has("all")) return {};
  const auto destination = DestinationId::parse(arguments.get("destination"));
  if (!destination) throw usage_failure("--destination is no destination's id");
  return {destination, {}};
}

void check_destination_is_there(Context& context, const DestinationId& id) {
  if (!context.services().catalog()->destinations.contains(id))
    throw failure(exit_missing, "not-found", "There is no such destination",
                  "there is no destination " + id.to_string());
}

secrets::SecretBroker::Refreshed refreshed(Context& context, const node::RefreshRequest& request) {
  const std::filesystem::path state = context.configuration().state_directory;
  if (!node::daemon_is_running(state))
    throw failure(
        exit_unavailable, "no-daemon", "No daemon runs here",
        "no daemon uses the state directory " + state.string() + "; a daemon fetches secrets as it needs them");
  if (request.scope.destination) check_destination_is_there(context, *request.scope.destination);
  node::write_refresh_request(state, request);
  for (auto waited = std::chrono::milliseconds{0}; waited < refresh_patience; waited += refresh_poll) {
    std::this_thread::sleep_for(refresh_poll);
    if (const auto answer = node::take_refresh_answer(state, request.id)) return *answer;
  }
  throw failure(exit_unavailable, "no-answer", "The daemon did not answer",
                "it was asked to fetch the secrets anew and has not said that it did; its log says why");
}

int refresh(Context& context, const Arguments& arguments) {
  const auto answer = refreshed(context, {new_uuid(context.clock(), context.random()).to_string(), operating_user(),
                                          scope_of(context, arguments)});
  const auto document = node::document_of(answer);
  if (context.json())
    print_json(context, document);
  else
    print_members(context.out(), document);
  if (answer.destinations == 0 && !context.json())
    context.out() << "none that the daemon has in memory refers to it: it is fetched when it is needed first\n";
  return answer.unresolved == 0 && answer.unanswered == 0 ? exit_ok : exit_findings;
}

int list_providers(Context& context, const Arguments&) {
  look_with_the_daemons_eyes(context.configuration());
  PluginDesk desk(context.configuration(), context.clock(), context.random());
  json::array rows;
  bool all_well = true;
  for (const auto& standing : node::provider_standings(context.configuration(), desk.providers())) {
    all_well = all_well && standing.state != node::ProviderState::refused;
    const auto state = to_string(standing.state);
    rows.push_back({{"provider", standing.id},
                    {"scheme", standing.scheme},
                    {"configured", standing.configured},
                    {"state", json::string_view(state.data(), state.size())},
                    {"plugin", standing.plugin}});
  }
  if (context.json())
    print_json(context, {{"providers", std::move(rows)}});
  else
    print_table(context.out(),
                {{"PROVIDER", "provider"},
                 {"SCHEME", "scheme"},
                 {"CONFIGURED", "configured"},
                 {"STATE", "state"},
                 {"PLUGIN", "plugin"}},
                rows);
  return all_well ? exit_ok : exit_findings;
}

}  // namespace

std::vector<Command> secret_commands() {
  return {
      {"secrets providers",
       "the secret providers of the plugin directory, and how each stands",
       "serving; not_configured: it has no section [secret_provider.<id>] and does not do without; not_here: its "
       "plugin is not for this environment; refused: plugins list says why. They are tried in this process; the "
       "running daemon is not asked. Exit code 1 if any is refused.",
       {},
       {},
       list_providers},
      {"secrets refresh",
       "have the running daemon of this node fetch secrets anew",
       "What it has in memory of them is used until the new value has come. Told are the destinations that refer to "
       "them and have been delivered to since the daemon's start, how many of them have another value than before, or "
       "lost theirs (changed), how many have one where they had none (added), and how many have a credential that does "
       "not resolve, or one whose store was asked and did not answer. Exit code 1 if any does not resolve or was not "
       "answered.",
       {{"REFERENCE", "as the destinations have it; - reads it from standard input", false}},
       {{"destination", "DESTINATION", "what this destination refers to"}, {"all", "", "everything that is in memory"}},
       refresh},
      {"secrets generate",
       "a new signing secret, to be put where secrets live",
       "Prints whsec_ and base64 of 32 random bytes, which every receiver's library reads alike, and stores it "
       "nowhere. A store that keeps the line's end of a file must be given it without. With --ed25519 it is whsk_ and "
       "a "
       "private key, for receivers who will not share a secret; its public key, whpk_, goes to standard error.",
       {},
       {{"ed25519", "", "a private key, of which receivers have the public half alone"}},
       generate},
      {"secrets check",
       "whether a reference, or what a destination refers to, resolves",
       "Neither value nor reference is ever shown. Exit code 1 if it does not resolve, or to what can never be used.",
       {{"REFERENCE", "where the secret is; - reads it from standard input", false}},
       {tenant_option(),
        {"destination", "DESTINATION", "check this destination's credentials"},
        {"purpose", "PURPOSE", "what REFERENCE is for; signing, if not given"}},
       check}};
}

}  // namespace opi::ctl
