#include "api/health_routes.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "api/delivery_views.hpp"
#include "api/filter_parameters.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using delivery::DeliveryHealth;
using delivery::DestinationHealth;
using delivery::SettledCounts;
using std::chrono::minutes;

constexpr std::chrono::hours default_window{24};
constexpr std::chrono::days max_window{400};
// A chart has at most so many points; each width divides the next, and all are multiples of the rollup's step.
constexpr std::int64_t max_points = 400;
constexpr std::array widths{minutes{5}, minutes{15}, minutes{60}, minutes{360}, minutes{1'440}};
static_assert(max_window / widths.back() <= max_points);
static_assert(widths.front() == delivery::rollup_step);

UnixTime floor_to(UnixTime time, minutes width) {
  const auto step = std::chrono::milliseconds{width};
  return UnixTime{time.time_since_epoch() / step * step};
}

struct Window {
  UnixTime from, to;
  minutes bucket;
};

Window window_of(const Request& request, const Clock& clock) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query, {"from", "to"}, errors);
  const auto asked_to = reader.one("to", "must be RFC 3339", parse_rfc3339);
  const auto asked_from = reader.one("from", "must be RFC 3339", parse_rfc3339);
  const UnixTime to = asked_to.value_or(clock.unix_now());
  const UnixTime from = asked_from.value_or(to - default_window);
  if (errors.empty() && from >= to) errors.push_back({"from", "must be before to"});
  if (errors.empty() && to - from > max_window) errors.push_back({"from", "must be at most 400 days before to"});
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  const auto fits = std::ranges::find_if(widths, [&](minutes width) { return (to - from) / width < max_points; });
  const auto bucket = fits == widths.end() ? widths.back() : *fits;
  return {floor_to(from, delivery::rollup_step), to, bucket};
}

json::object counts_view(const SettledCounts& counts) {
  const auto mean =
      counts.delivered == 0 ? json::value(nullptr) : json::value(counts.latency_sum.count() / counts.delivered);
  return {{"delivered", counts.delivered},
          {"failed", counts.failed},
          {"dead_lettered", counts.dead_lettered},
          {"retried", counts.retried},
          {"latency_ms_mean", mean},
          {"latency_ms_max", counts.delivered == 0 ? json::value(nullptr) : json::value(counts.latency_max.count())}};
}

json::object last_view(const delivery::LastResult& last) {
  return {{"at", to_rfc3339(last.at)},
          {"state", json_view(to_string(last.state))},
          {"http_status", last.http_status ? json::value(*last.http_status) : json::value(nullptr)}};
}

// What waits because its destination is held.
std::int64_t held_deliveries(const DestinationHealth& one, const Holds& holds) {
  return holds.contains(one.destination) ? one.pending + one.retry_scheduled : 0;
}

json::object destination_view(const DestinationHealth& one, const Destination* destination, const Holds& holds) {
  auto view = counts_view(one.settled);
  const auto hold = holds.find(one.destination);
  view["destination_id"] = one.destination.to_string();
  view["name"] = destination == nullptr ? json::value(nullptr) : json::value(destination->name);
  view["enabled"] = destination == nullptr ? json::value(nullptr) : json::value(destination->enabled);
  view["held"] = view_of(hold == holds.end() ? std::nullopt : std::optional{hold->second});
  view["pending"] = one.pending;
  view["delivering"] = one.delivering;
  view["retry_scheduled"] = one.retry_scheduled;
  view["held_deliveries"] = held_deliveries(one, holds);
  view["parked"] = one.parked;
  view["last_result"] = one.last ? json::value(last_view(*one.last)) : json::value(nullptr);
  return view;
}

json::object totals_view(const DeliveryHealth& health, const Catalog& catalog, const TenantId& tenant,
                         const Holds& holds) {
  std::int64_t active = 0, disabled = 0, waiting = 0;
  if (const auto group = catalog.by_tenant.find(tenant); group != catalog.by_tenant.end())
    for (const auto& destination : group->second) ++(destination->enabled ? active : disabled);
  DestinationHealth sum;
  for (const auto& one : health.destinations) {
    sum.pending += one.pending;
    sum.delivering += one.delivering;
    sum.retry_scheduled += one.retry_scheduled;
    sum.parked += one.parked;
    waiting += held_deliveries(one, holds);
    sum.settled.delivered += one.settled.delivered;
    sum.settled.failed += one.settled.failed;
    sum.settled.dead_lettered += one.settled.dead_lettered;
    sum.settled.retried += one.settled.retried;
    sum.settled.latency_sum += one.settled.latency_sum;
    sum.settled.latency_max = std::max(sum.settled.latency_max, one.settled.latency_max);
  }
  auto view = counts_view(sum.settled);
  view["active_destinations"] = active;
  view["disabled_destinations"] = disabled;
  view["pending"] = sum.pending;
  view["delivering"] = sum.delivering;
  view["retry_scheduled"] = sum.retry_scheduled;
  view["held_destinations"] = holds.size();
  view["held_deliveries"] = waiting;
  view["parked"] = sum.parked;
  return view;
}

// Every bucket of the window, those in which nothing happened as well.
json::array series_view(const DeliveryHealth& health, const Window& window) {
  json::array series;
  auto next = health.series.begin();
  for (auto start = floor_to(window.from, window.bucket); start < window.to; start += window.bucket) {
    SettledCounts counts;
    if (next != health.series.end() && next->start == start) counts = (next++)->settled;
    auto point = counts_view(counts);
    point["start"] = to_rfc3339(start);
    series.push_back(std::move(point));
  }
  return series;
}

Response show(const Request& request, delivery::HealthQuery& query, const Catalog& catalog,
              const DestinationRuntime& runtime, const Clock& clock) {
  const auto window = window_of(request, clock);
  const auto health = query.health(request.tenant, window.from, window.to, window.bucket);
  const auto holds = runtime.holds(catalog, request.tenant);
  json::array rows;
  for (const auto& one : health.destinations) {
    const auto found = catalog.destinations.find(one.destination);
    rows.push_back(destination_view(one, found == catalog.destinations.end() ? nullptr : found->second.get(), holds));
  }
  return json_answer({{"from", to_rfc3339(window.from)},
                      {"to", to_rfc3339(window.to)},
                      {"bucket_ms", std::chrono::milliseconds{window.bucket}.count()},
                      {"totals", totals_view(health, catalog, request.tenant, holds)},
                      {"destinations", std::move(rows)},
                      {"series", series_view(health, window)}});
}

}  // namespace

void add_health_routes(RouteTable& routes, delivery::HealthQuery& health, delivery::CatalogCache& catalog,
                       DestinationRuntime runtime, const Clock& clock) {
  routes.add({"GET", "/api/v1/delivery-health", Action::read_deliveries,
              [&health, &catalog, &clock, runtime = std::move(runtime)](const Request& request) {
                return show(request, health, *catalog.current(), runtime, clock);
              }});
}

}  // namespace opi::api
