#include "api/waiting_delivery_routes.hpp"

#include "api/administration_answers.hpp"
#include "api/bulk_request.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

struct Parts {
  delivery::DeliveryQuery& deliveries;
  delivery::WaitingDeliveries& waiting;
  delivery::CatalogCache& catalog;
  DestinationRuntime runtime;
  const Clock& clock;
};

Problem not_waiting(DeliveryState state) {
  const bool under_way = state == DeliveryState::delivering;
  return {409,
          "not-waiting",
          "The delivery does not wait",
          under_way ? "An attempt is under way; ask again when it has come back"
                    : "It is " + std::string(to_string(state)) + ": it has ended",
          {},
          {},
          {{"state", json_view(to_string(state))}}};
}

Problem waits_for_turn(const std::optional<DeliveryId>& before, DeliveryState state) {
  return {409,
          "waits-for-turn",
          "The delivery waits for its turn",
          before ? "Delivery " + before->to_string() + " about the same subject goes first"
                 : "Others about the same subject go first",
          {},
          {},
          {{"state", json_view(to_string(state))}}};
}

delivery::DeliveryView find_delivery(const Request& request, const Parts& parts) {
  const auto id = DeliveryId::parse(request.parameters.at(0));
  auto found = id ? parts.deliveries.find(request.tenant, *id) : std::nullopt;
  if (!found) throw ProblemError(not_found());
  return std::move(*found);
}

Holds holds_of(const delivery::DeliveryView& delivery, const Parts& parts) {
  return parts.runtime.holds(*parts.catalog.current(), {{delivery.destination}});
}

Response cancel_one(const Request& request, const Parts& parts) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(body, "", faults);
  fields.refuse_unknown({"reason"});
  const auto reason = read_reason(fields);
  refuse_faults(faults);
  const auto delivery = find_delivery(request, parts);
  const auto by = entry_by(request, audit::Action::delivery_cancelled, parts.clock);
  if (!parts.waiting.cancel(request.tenant, delivery.id, reason, by))
    throw ProblemError(not_waiting(find_delivery(request, parts).state));
  return json_answer(moved_view(delivery, DeliveryState::failed, holds_of(delivery, parts)));
}

Response retry_one(const Request& request, const Parts& parts) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields(body, "", faults).refuse_unknown({});
  refuse_faults(faults);
  const auto delivery = find_delivery(request, parts);
  const auto by = entry_by(request, audit::Action::delivery_retried, parts.clock);
  if (!parts.waiting.retry_now(request.tenant, delivery.id, by)) {
    const auto now = find_delivery(request, parts);
    if (is_terminal(now.state) || now.state == DeliveryState::delivering) throw ProblemError(not_waiting(now.state));
    throw ProblemError(waits_for_turn(parts.deliveries.waits_for(request.tenant, now.id), now.state));
  }
  return json_answer(moved_view(delivery, delivery.state, holds_of(delivery, parts)));
}

Response cancel_many(const Request& request, const Parts& parts) {
  const auto asked = bulk_request(request, {.reason = true,
                                            .states = FilterStates::waiting,
                                            .max_limit = delivery::WaitingDeliveries::max_at_once,
                                            .without_filter = "is missing; {} means everything that waits"});
  const auto live = parts.waiting.count(request.tenant, asked.filter);
  json::object answer{{"dry_run", asked.dry_run}, {"matching", live.waiting}, {"under_way", live.under_way}};
  if (!asked.dry_run) {
    const auto by = entry_by(request, audit::Action::delivery_cancelled, parts.clock);
    answer["cancelled"] = parts.waiting.cancel(request.tenant, asked.filter, asked.limit, asked.reason, by);
  }
  return json_answer(answer);
}

}  // namespace

void add_waiting_delivery_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries,
                                 delivery::WaitingDeliveries& waiting, delivery::CatalogCache& catalog,
                                 DestinationRuntime runtime, const Clock& clock) {
  const Parts parts{deliveries, waiting, catalog, std::move(runtime), clock};
  const auto add = [&](const char* pattern, Response (*handler)(const Request&, const Parts&)) {
    routes.add(
        {"POST", pattern, Action::handle_deliveries, [=](const Request& request) { return handler(request, parts); }});
  };
  add("/api/v1/deliveries:cancel", cancel_many);
  add("/api/v1/deliveries/{id}:cancel", cancel_one);
  add("/api/v1/deliveries/{id}:retry", retry_one);
}

}  // namespace opi::api
