#include "api/alert_routes.hpp"

#include <boost/json/array.hpp>

#include "api/administration_answers.hpp"
#include "api/delivery_views.hpp"
#include "api/filter_parameters.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr int default_alerts = 100;

json::object view_of(const Alert& alert, const Destination* destination) {
  return {{"alert_id", alert.id.to_string()},
          {"kind", json_view(to_string(alert.kind))},
          {"destination_id", alert.destination.to_string()},
          {"destination_name", destination == nullptr ? json::value(nullptr) : json::value(destination->name)},
          {"active", !alert.cleared_at},
          {"detail", alert.detail},
          {"remedy", json_view(remedy_of(alert.kind))},
          {"since", to_rfc3339(alert.since)},
          {"raised_at", to_rfc3339(alert.raised_at)},
          {"cleared_at", or_null(alert.cleared_at)},
          {"recipients", alert.recipients}};
}

Response list(const Request& request, delivery::AlertStore& alerts, const Catalog& catalog) {
  std::optional<bool> active;
  int limit = default_alerts;
  read_parameters(request, {"active", "limit"}, [&](ParameterReader& reader) {
    active = reader.one("active", "must be true or false", parse_flag);
    limit = reader.one("limit", "must be a whole number from 1 to 200", parse_limit).value_or(limit);
  });
  json::array rows;
  for (const auto& alert : alerts.list(request.tenant, active, limit)) {
    const auto found = catalog.destinations.find(alert.destination);
    rows.push_back(view_of(alert, found == catalog.destinations.end() ? nullptr : found->second.get()));
  }
  return json_answer({{"alerts", std::move(rows)}});
}

Response show_rules(const Request& request, administration::CatalogEditor& editor) {
  refuse_parameters(request);
  const auto catalog = editor.catalog();
  const auto found = catalog->tenants.find(request.tenant);
  if (found == catalog->tenants.end()) throw ProblemError(not_found());
  return versioned_answer(administration::view_of(found->second.alert_rules), found->second.revision);
}

Response replace_rules(const Request& request, administration::AlertSettings& settings) {
  refuse_parameters(request);
  require_json(request);
  const auto tenant = done(settings.replace(request.tenant, required_revision(request), request.body,
                                            administration::actor_of(request.identity)));
  return versioned_answer(administration::view_of(tenant.alert_rules), tenant.revision);
}

}  // namespace

void add_alert_routes(RouteTable& routes, delivery::AlertStore& alerts, delivery::CatalogCache& catalog,
                      administration::AlertSettings& settings, administration::CatalogEditor& editor) {
  routes.add({"GET", "/api/v1/alerts", Action::read_deliveries,
              [&alerts, &catalog](const Request& request) { return list(request, alerts, *catalog.current()); }});
  routes.add({"GET", "/api/v1/alert-rules", Action::read_destinations,
              [&editor](const Request& request) { return show_rules(request, editor); }});
  routes.add({"PUT", "/api/v1/alert-rules", Action::manage_policy,
              [&settings](const Request& request) { return replace_rules(request, settings); }});
}

}  // namespace opi::api
