#include "api/delivery_routes.hpp"

#include <boost/json/array.hpp>

#include "api/administration_answers.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

struct ListRequest {
  delivery::DeliveryFilter filter;
  std::optional<bool> held;
  std::optional<IdempotencyKey> key;
};

ListRequest list_request(const Request& request) {
  std::vector<ProblemField> errors;
  ListRequest asked;
  ParameterReader reader(request.query,
                         {"state", "held", "delivery_id", "idempotency_key", "webhook_id", "cursor", "limit"},
                         filter_names, errors);
  asked.filter.states = reader.list("state", "must be one of the six delivery states, or several with commas between",
                                    all_delivery_states.size(), parse_delivery_state);
  read_filter(reader, asked.filter);
  asked.held = reader.one("held", "must be true or false", parse_flag);
  asked.filter.only = reader.one("delivery_id", "must be a UUID", DeliveryId::parse);
  asked.key = reader.one("idempotency_key", "must be 64 hex digits in lower case", parse_idempotency_key);
  if (const auto key = reader.one("webhook_id", "must be msg_ and 64 hex digits in lower case", parse_webhook_id)) {
    if (asked.key && *asked.key != *key)
      errors.push_back({"webhook_id", "is of another delivery than idempotency_key"});
    asked.key = key;
  }
  asked.filter.before = reader.one("cursor", "must be next_cursor of an earlier page", DeliveryId::parse);
  if (const auto limit = reader.one("limit", "must be 1 to 200", parse_limit)) asked.filter.limit = *limit;
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  return asked;
}

struct Parts {
  delivery::DeliveryQuery& deliveries;
  delivery::CatalogCache& catalog;
  DestinationRuntime runtime;
};

// False if there is no such delivery, or it is not the one that is asked for beside.
bool restrict_to_key(delivery::DeliveryFilter& filter, const std::optional<IdempotencyKey>& key,
                     delivery::DeliveryQuery& deliveries, const TenantId& tenant) {
  if (!key) return true;
  const auto found = deliveries.find(tenant, *key);
  if (!found || (filter.only && *filter.only != *found)) return false;
  filter.only = found;
  return true;
}

Response list(const Request& request, const Parts& parts) {
  auto asked = list_request(request);
  const auto catalog = parts.catalog.current();
  Holds holds;
  std::vector<delivery::DeliveryView> page;
  if (!restrict_to_key(asked.filter, asked.key, parts.deliveries, request.tenant)) {
    // There is nothing to show.
  } else if (asked.held) {
    holds = parts.runtime.holds(*catalog, request.tenant);
    if (restrict_to_held(asked.filter, *asked.held, holds)) page = parts.deliveries.list(request.tenant, asked.filter);
  } else {
    page = parts.deliveries.list(request.tenant, asked.filter);
    std::vector<DestinationId> shown;
    for (const auto& delivery : page) shown.push_back(delivery.destination);
    holds = parts.runtime.holds(*catalog, shown);
  }
  json::array rows;
  for (const auto& delivery : page) rows.push_back(view_of(delivery, holds));
  const bool full = page.size() == static_cast<std::size_t>(asked.filter.limit);
  return json_answer({{"deliveries", std::move(rows)},
                      {"next_cursor", full ? json::value(page.back().id.to_string()) : json::value(nullptr)}});
}

delivery::DeliveryView find(const Request& request, delivery::DeliveryQuery& deliveries) {
  const auto id = DeliveryId::parse(request.parameters.at(0));
  auto found = id ? deliveries.find(request.tenant, *id) : std::nullopt;
  if (!found) throw ProblemError(not_found());
  return std::move(*found);
}

Response show(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto delivery = find(request, parts.deliveries);
  auto view = view_of(delivery, parts.runtime.holds(*parts.catalog.current(), {{delivery.destination}}));
  const auto before = parts.deliveries.waits_for(request.tenant, delivery.id);
  view["waits_for"] = before ? json::value(before->to_string()) : json::value(nullptr);
  return json_answer(view);
}

Response attempts(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto delivery = find(request, parts.deliveries);
  json::array rows;
  for (const auto& attempt : parts.deliveries.attempts(request.tenant, delivery.id)) rows.push_back(view_of(attempt));
  return json_answer({{"delivery_id", delivery.id.to_string()}, {"attempts", std::move(rows)}});
}

}  // namespace

void add_delivery_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries, delivery::CatalogCache& catalog,
                         DestinationRuntime runtime) {
  const Parts parts{deliveries, catalog, std::move(runtime)};
  const auto add = [&](const char* pattern, Response (*handler)(const Request&, const Parts&)) {
    routes.add({"GET", pattern, Action::read_deliveries,
                [parts, handler](const Request& request) { return handler(request, parts); }});
  };
  add("/api/v1/deliveries", list);
  add("/api/v1/deliveries/{id}", show);
  add("/api/v1/deliveries/{id}/attempts", attempts);
}

}  // namespace opi::api
