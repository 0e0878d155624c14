#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "ctl/failure.hpp"
#include "ctl/services.hpp"
#include "ctl/table.hpp"
#include "delivery/ownership.hpp"
#include "delivery/provisioning.hpp"
#include "domain/delivery_state.hpp"
#include "plugins/abi.hpp"
#include "plugins/inspection.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

int migrate(Context& context, const Arguments&) {
  context.services();
  return tell(context, {{"up_to_date", true}}, "the schema is up to date");
}

Failure invalid_document(const std::string& file, const std::vector<delivery::FieldError>& errors,
                         const char* what_was_done = "nothing was changed") {
  json::array fields;
  for (const auto& error : errors) fields.push_back({{"field", error.field}, {"message", error.message}});
  return {exit_data,
          {{"type", "urn:oneprotect:problem:invalid-content"},
           {"title", "The content is not valid"},
           {"detail", file + ": " + what_was_done},
           {"errors", std::move(fields)}}};
}

using AdapterOrders = std::map<std::string, DeliveryOrder>;

// What the adapters of a plugin directory ask for, by their manifests: none of their code is run.
AdapterOrders read_adapter_orders(const std::filesystem::path& directory) {
  AdapterOrders orders;
  for (const auto& candidate : plugins::discover(directory).candidates) {
    std::vector<plugins::Refusal> refused;
    const auto manifest = plugins::inspect(candidate, OPI_ABI_MINOR, refused);
    if (!refused.empty()) continue;
    for (const auto& component : manifest.components)
      if (component.kind == plugins::ComponentKind::adapter)
        orders.try_emplace(component.id, component.ordered ? DeliveryOrder::subject : DeliveryOrder::none);
  }
  return orders;
}

// What the adapters that are here will not serve, each with its place in the document.
std::vector<delivery::FieldError> refused_by_adapters(const administration::AdapterDirectory& adapters,
                                                      const delivery::Provision& provision) {
  std::vector<delivery::FieldError> refused;
  for (std::size_t i = 0; i < provision.destinations.size(); ++i) {
    const auto& destination = provision.destinations[i];
    auto errors = adapters.check_config(destination.adapter, destination.config);
    if (errors.empty()) errors = adapters.refusal(destination);
    for (auto& error : errors) refused.push_back({provision.places[i] + "." + error.field, std::move(error.message)});
  }
  return refused;
}

int apply(Context& context, const Arguments& arguments) {
  const std::string file = arguments.get("FILE");
  const auto parsed = delivery::parse_provision(read_document(context, file));
  if (const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&parsed))
    throw invalid_document(file, *errors);
  const auto& provision = std::get<delivery::Provision>(parsed);
  auto refused = delivery::foreign_destinations(provision, *context.services().catalog());
  std::ranges::move(refused_by_adapters(context.services().adapters(), provision), std::back_inserter(refused));
  if (!refused.empty()) throw invalid_document(file, refused);
  if (arguments.has("check")) return tell(context, {{"valid", true}}, "the document is valid");
  std::optional<AdapterOrders> orders;
  const auto order_of = [&](const std::string& adapter) -> std::optional<DeliveryOrder> {
    if (!orders) orders = read_adapter_orders(context.configuration().plugin_directory);
    const auto found = orders->find(adapter);
    return found == orders->end() ? std::nullopt : std::optional(found->second);
  };
  const auto result =
      delivery::apply(provision, *context.services().stores().catalog, context.clock(), operating_user(), order_of);
  if (!result.refused.empty()) throw invalid_document(file, result.refused, "all else that it names is applied");
  return tell(context,
              {{"tenants_changed", result.tenants_changed},
               {"destinations_changed", result.destinations_changed},
               {"unchanged", result.unchanged}},
              "changed " + std::to_string(result.tenants_changed) + " tenants and " +
                  std::to_string(result.destinations_changed) + " destinations; " + std::to_string(result.unchanged) +
                  " unchanged");
}

// As the daemons of the database work it out for themselves.
delivery::Ownership who_serves(Services& services) {
  const auto roll = services.stores().fleet->roll();
  std::vector<std::string> owners;
  for (const auto& daemon : roll.daemons)
    if (daemon.owns_from <= roll.taken_at && daemon.alive_until > roll.taken_at) owners.push_back(daemon.daemon_id);
  return {{}, std::move(owners), delivery::due_never, MonoTime::max()};
}

int status(Context& context, const Arguments& arguments) {
  const TenantId tenant = arguments.tenant();
  const auto catalog = context.services().catalog();
  if (!catalog->tenants.contains(tenant))
    throw failure(exit_missing, "not-found", "Not found", "there is no tenant " + tenant.str());
  std::map<DestinationId, std::map<DeliveryState, std::int64_t>> table;
  if (const auto group = catalog->by_tenant.find(tenant); group != catalog->by_tenant.end())
    for (const auto& destination : group->second) table[destination->id];
  for (const auto& count : context.services().stores().query->counts(tenant))
    table[count.destination][count.state] = count.count;
  const auto serving = who_serves(context.services());
  json::array rows;
  for (auto& [id, counts] : table) {
    const auto found = catalog->destinations.find(id);
    const bool known = found != catalog->destinations.end();
    json::object row{{"destination_id", id.to_string()},
                     {"name", known ? json::value(found->second->name) : json::value(nullptr)},
                     {"enabled", known && found->second->enabled}};
    const auto* server = serving.owner(id);
    row["served_by"] = known && server != nullptr ? json::value(*server) : json::value(nullptr);
    for (const auto state : all_delivery_states) {
      const auto name = to_string(state);
      row[json::string_view(name.data(), name.size())] = counts[state];
    }
    rows.push_back(std::move(row));
  }
  if (context.json()) {
    print_json(context, {{"destinations", std::move(rows)}});
    return exit_ok;
  }
  std::vector<Column> columns{{"DESTINATION", "destination_id"}, {"NAME", "name"}, {"ENABLED", "enabled"}};
  for (const auto state : all_delivery_states) columns.push_back({to_string(state), to_string(state)});
  const auto told = [](const json::value& row) { return !row.at("served_by").is_null(); };
  if (std::ranges::any_of(rows, told)) columns.push_back({"SERVED BY", "served_by"});
  print_table(context.out(), columns, rows);
  return exit_ok;
}

}  // namespace

std::vector<Command> store_commands() {
  return {{"migrate",
           "bring the store's schema up to date",
           "Every command and the daemon do so by themselves.",
           {},
           {},
           migrate},
          {"apply",
           "create or change the tenants and destinations that a JSON document describes",
           "Applying it again changes nothing; what it does not name stays as it is.",
           {{"FILE", "the document; - is standard input"}},
           {{"check", "", "only look for errors in the document"}},
           apply},
          {"status",
           "deliveries of each destination by state",
           "Where daemons share a PostgreSQL, also which of them serves it.",
           {},
           {tenant_option()},
           status}};
}

}  // namespace opi::ctl
