#include "api/filter_routes.hpp"

#include <boost/json/array.hpp>

#include "administration/filter_preview.hpp"
#include "api/administration_answers.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

Response preview(const Request& request, delivery::DeliveryQuery& store) {
  refuse_parameters(request);
  require_json(request);
  const auto result = administration::preview_filter(request.tenant, request.body, store);
  if (const auto* errors = std::get_if<std::vector<delivery::FieldError>>(&result)) refuse_faults(*errors);
  const auto& found = std::get<administration::FilterPreview>(result);
  json::array matches;
  for (const auto& match : found.matches)
    matches.push_back({{"event_id", match.event_id.str()},
                       {"event_type", match.event_type},
                       {"received_at", to_rfc3339(match.received_at)}});
  return json_answer({{"events", found.events},
                      {"from", found.from ? json::value(to_rfc3339(*found.from)) : json::value(nullptr)},
                      {"matched", found.matches.size()},
                      {"matches", std::move(matches)}});
}

}  // namespace

void add_filter_routes(RouteTable& routes, delivery::DeliveryQuery& store) {
  routes.add({"POST", "/api/v1/filters:preview", Action::manage_destinations,
              [&store](const Request& request) { return preview(request, store); }});
}

}  // namespace opi::api
