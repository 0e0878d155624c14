#include "ctl/commands.hpp"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

#include "audit/chain_check.hpp"
#include "audit/hash_chain.hpp"
#include "delivery/provisioning.hpp"
#include "domain/delivery_state.hpp"
#include "identity/token.hpp"

namespace opi::ctl {
namespace {

namespace po = boost::program_options;

constexpr const char* actor = "integrationsctl";
constexpr std::size_t max_document_bytes = 16 * 1024 * 1024;

po::variables_map parse(const po::options_description& options, const std::vector<std::string>& arguments) {
  po::variables_map values;
  po::store(po::command_line_parser(arguments).options(options).positional({}).run(), values);
  po::notify(values);
  return values;
}

TenantId tenant_option(const std::string& text) {
  const auto tenant = TenantId::parse(text);
  if (!tenant) throw po::error("--tenant must hold lower-case letters, digits, '-' and '_'");
  return *tenant;
}

int migrate(Context& context, const std::vector<std::string>&) {
  stores::open(context.configuration, context.clock);
  context.out << "the schema is up to date\n";
  return exit_ok;
}

int apply(Context& context, const std::vector<std::string>& arguments) {
  const bool check_only = arguments.size() == 2 && arguments[1] == "--check";
  if (arguments.empty() || (arguments.size() == 2 && !check_only) || arguments.size() > 2)
    throw po::error("apply takes a file, and --check if nothing is to be changed");
  std::ifstream file(arguments[0], std::ios::binary | std::ios::ate);
  if (!file) {
    context.err << arguments[0] << ": cannot be read\n";
    return exit_data;
  }
  if (static_cast<std::size_t>(file.tellg()) > max_document_bytes) {
    context.err << arguments[0] << ": is larger than 16 MiB\n";
    return exit_data;
  }
  file.seekg(0);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto parsed = delivery::parse_provision(text);
  if (const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&parsed)) {
    for (const auto& error : *errors)
      context.err << arguments[0] << ": " << error.field << " " << error.message << "\n";
    return exit_data;
  }
  if (check_only) {
    context.out << "the document is valid\n";
    return exit_ok;
  }
  const auto stores = stores::open(context.configuration, context.clock);
  const auto result = delivery::apply(std::get<delivery::Provision>(parsed), *stores.catalog, context.clock, actor);
  context.out << "changed " << result.tenants_changed << " tenants and " << result.destinations_changed
              << " destinations; " << result.unchanged << " unchanged\n";
  return exit_ok;
}

int issue_token(Context& context, const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("tenant", po::value<std::string>()->default_value(""))(
      "role", po::value<std::string>()->required())("label", po::value<std::string>()->default_value(""))(
      "expires-in-days", po::value<int>()->default_value(0));
  const auto values = parse(options, arguments);
  const auto role = parse_role(values["role"].as<std::string>());
  if (!role) throw po::error("--role must be producer, auditor, operator, tenant_admin or system_admin");
  const auto tenant_text = values["tenant"].as<std::string>();
  if (*role == Role::system_admin ? !tenant_text.empty() : tenant_text.empty())
    throw po::error("--tenant is needed for every role but system_admin, which has none");
  const TenantId tenant = tenant_text.empty() ? TenantId{} : tenant_option(tenant_text);
  const auto label = values["label"].as<std::string>();
  if (label.size() > 200) throw po::error("--label may have at most 200 bytes");
  const int days = values["expires-in-days"].as<int>();
  if (days < 0 || days > 3650) throw po::error("--expires-in-days must be 0 (never) to 3650");

  const auto stores = stores::open(context.configuration, context.clock);
  if (!tenant.empty() && !stores.catalog->load().tenants.contains(tenant)) {
    context.err << "there is no tenant " << tenant.str() << "\n";
    return exit_data;
  }
  const UnixTime now = context.clock.unix_now();
  const auto expires = days == 0 ? std::optional<UnixTime>{} : std::optional<UnixTime>{now + std::chrono::days{days}};
  const auto issued = identity::issue_token(*role, tenant, label, now, expires, context.random);
  audit::Entry entry;
  entry.tenant = tenant.empty() ? audit::system_tenant() : tenant;
  entry.at = now;
  entry.actor_id = actor;
  entry.action = audit::Action::token_issued;
  entry.target = "token:" + issued.record.prefix;
  entry.details = "{\"role\":\"" + std::string(to_string(*role)) + "\"}";
  stores.tokens->insert(issued.record, entry);
  context.out << issued.text << "\n";
  context.err << "token " << issued.record.prefix << "… is shown only this once\n";
  return exit_ok;
}

int verify_audit(Context& context, const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("tenant", po::value<std::string>()->required());
  const TenantId tenant = tenant_option(parse(options, arguments)["tenant"].as<std::string>());
  const auto stores = stores::open(context.configuration, context.clock);
  const auto check = audit::check_chain(*stores.audit, tenant, audit::genesis(tenant));
  if (check.fault) {
    context.err << "the audit chain of " << tenant.str() << " is broken: " << *check.fault << "\n";
    return exit_findings;
  }
  context.out << "the audit chain of " << tenant.str() << " holds: " << check.head.sequence << " records\n";
  return exit_ok;
}

int status(Context& context, const std::vector<std::string>& arguments) {
  po::options_description options;
  options.add_options()("tenant", po::value<std::string>()->required());
  const TenantId tenant = tenant_option(parse(options, arguments)["tenant"].as<std::string>());
  const auto stores = stores::open(context.configuration, context.clock);
  const Catalog catalog = stores.catalog->load();
  std::map<DestinationId, std::map<DeliveryState, std::int64_t>> table;
  if (const auto group = catalog.by_tenant.find(tenant); group != catalog.by_tenant.end())
    for (const auto& destination : group->second) table[destination->id];
  for (const auto& count : stores.query->counts(tenant)) table[count.destination][count.state] = count.count;
  context.out << std::left << std::setw(38) << "destination" << std::setw(10) << "enabled" << std::right;
  for (const auto state : all_delivery_states) context.out << std::setw(17) << to_string(state);
  context.out << "\n";
  for (auto& [id, counts] : table) {
    const auto destination = catalog.destinations.find(id);
    const bool enabled = destination != catalog.destinations.end() && destination->second->enabled;
    context.out << std::left << std::setw(38) << id.to_string() << std::setw(10) << (enabled ? "yes" : "no")
                << std::right;
    for (const auto state : all_delivery_states) context.out << std::setw(17) << counts[state];
    context.out << "\n";
  }
  return exit_ok;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      {"migrate", "", "bring the store's schema up to date", migrate},
      {"apply", "FILE [--check]", "create or change the tenants and destinations that a JSON document describes",
       apply},
      {"token issue", "--role R [--tenant T] [--label L] [--expires-in-days N]", "make an API token and print it once",
       issue_token},
      {"status", "--tenant T", "deliveries of each destination by state", status},
      {"audit verify", "--tenant T", "check the tenant's audit chain from its first record", verify_audit},
  };
  return table;
}

std::string usage() {
  std::ostringstream text;
  text << "usage: integrationsctl [--config FILE] [--set section.name=value]… COMMAND\n\n";
  for (const auto& command : commands())
    text << "  " << command.name << " " << command.arguments << "\n        " << command.description << "\n";
  text << "\nexit codes: 0 done, 1 something is wrong, 64 usage, 65 invalid document, 69 store unavailable, 78 "
          "configuration\n";
  return text.str();
}

}  // namespace opi::ctl
