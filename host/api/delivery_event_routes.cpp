#include "api/delivery_event_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>

#include "api/delivery_views.hpp"
#include "api/filter_parameters.hpp"
#include "delivery/delivery_event.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_types = 4;  // as many as there are

std::optional<std::int64_t> parse_sequence(std::string_view text) {
  std::int64_t sequence = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (failure != std::errc{} || end != text.data() + text.size() || sequence < 0) return std::nullopt;
  return sequence;
}

std::optional<std::string_view> parse_type(std::string_view text) {
  for (const auto state : all_delivery_states)
    if (const auto type = delivery::delivery_event_type(state); !type.empty() && type == text) return type;
  return std::nullopt;
}

json::object envelope_of(const Event& event) {
  return {{"event_id", event.event_id.str()},
          {"event_type", event.event_type},
          {"schema_version", event.schema_version},
          {"tenant_id", event.tenant_id.str()},
          {"source", event.source},
          {"timestamp", event.timestamp},
          {"correlation_id", or_null(event.correlation_id)},
          {"causation_id", or_null(event.causation_id)},
          {"payload", json::parse(event.payload)}};
}

Response read(const Request& request, delivery::DeliveryFeed& feed) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query, {"cursor", "types", "limit"}, errors);
  const auto after = reader.one("cursor", "must be a cursor of an earlier page", parse_sequence).value_or(0);
  const auto types = reader.list("types", "must be ticket.delivery.* types with commas between", max_types, parse_type);
  const int limit = reader.one("limit", "must be 1 to 200", parse_limit).value_or(50);
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  // The head first: whatever the page then lacks up to it is of other types.
  const auto head = feed.head(request.tenant);
  const auto page = feed.read(request.tenant, after, types, limit);
  json::array rows;
  for (const auto& entry : page) rows.push_back(envelope_of(delivery::feed_event(request.tenant, entry)));
  const bool full = page.size() == static_cast<std::size_t>(limit);
  const auto last = page.empty() ? after : page.back().sequence;
  const auto seen = std::to_string(full ? last : std::max({after, last, head}));
  return json_answer({{"delivery_events", std::move(rows)},
                      {"next_cursor", full ? json::value(seen) : json::value(nullptr)},
                      {"resume_cursor", seen}});
}

}  // namespace

void add_delivery_event_routes(RouteTable& routes, delivery::DeliveryFeed& feed) {
  routes.add({"GET", "/api/v1/delivery-events", Action::read_deliveries,
              [&](const Request& request) { return read(request, feed); }});
}

}  // namespace opi::api
