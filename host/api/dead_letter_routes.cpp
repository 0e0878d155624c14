#include "api/dead_letter_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "api/administration_answers.hpp"
#include "api/bulk_request.hpp"
#include "delivery/dead_letter_explanation.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using delivery::DeadLetters;

constexpr const char* every = "is missing; {} means all dead letters";

struct Parts {
  delivery::DeliveryQuery& deliveries;
  DeadLetters& dead_letters;
  delivery::CatalogCache& catalog;
  DestinationRuntime runtime;
  const Clock& clock;
};

json::object dead_letter_view(const delivery::DeliveryView& delivery, const Catalog& catalog) {
  auto view = view_of(delivery, Holds{});  // it waits for a person
  const auto why = delivery::explain(delivery);
  const bool replayable = catalog.destinations.contains(delivery.destination);
  view["explanation"] = why.explanation;
  view["advice"] = replayable ? why.advice : "Its destination was deleted: it cannot be replayed, only discarded.";
  view["replayable"] = replayable;
  return view;
}

Response list(const Request& request, const Parts& parts) {
  std::vector<ProblemField> errors;
  delivery::DeliveryFilter filter;
  ParameterReader reader(request.query, {"cursor", "limit"}, filter_names, errors);
  read_filter(reader, filter);
  filter.before = reader.one("cursor", "must be next_cursor of an earlier page", DeliveryId::parse);
  if (const auto limit = reader.one("limit", "must be 1 to 200", parse_limit)) filter.limit = *limit;
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  filter.states = {DeliveryState::dead_lettered};
  const auto page = parts.deliveries.list(request.tenant, filter);
  json::array rows;
  for (const auto& delivery : page) rows.push_back(dead_letter_view(delivery, *parts.catalog.current()));
  const bool full = page.size() == static_cast<std::size_t>(filter.limit);
  return json_answer({{"dead_letters", std::move(rows)},
                      {"next_cursor", full ? json::value(page.back().id.to_string()) : json::value(nullptr)}});
}

Problem no_dead_letter(DeliveryState state) {
  return {409,
          "not-a-dead-letter",
          "The delivery is not a dead letter",
          "It is " + std::string(to_string(state)) + ": somebody may have been faster",
          {},
          {},
          {{"state", json_view(to_string(state))}}};
}

Problem destination_deleted(const char* detail) {
  return {409, "destination-deleted", "The destination was deleted", detail, {}, {}, {}};
}

delivery::DeliveryView find(const Request& request, const Parts& parts) {
  const auto id = DeliveryId::parse(request.parameters.at(0));
  auto found = id ? parts.deliveries.find(request.tenant, *id) : std::nullopt;
  if (!found) throw ProblemError(not_found());
  return std::move(*found);
}

Response show(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto delivery = find(request, parts);
  if (delivery.state != DeliveryState::dead_lettered) throw ProblemError(not_found());
  return json_answer(dead_letter_view(delivery, *parts.catalog.current()));
}

// --- actions ---

Holds holds_of(const delivery::DeliveryView& delivery, const Parts& parts) {
  return parts.runtime.holds(*parts.catalog.current(), {{delivery.destination}});
}

Response replay_one(const Request& request, const Parts& parts) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields(body, "", faults).refuse_unknown({});
  refuse_faults(faults);
  const auto delivery = find(request, parts);
  if (delivery.state != DeliveryState::dead_lettered) throw ProblemError(no_dead_letter(delivery.state));
  const auto by = entry_by(request, audit::Action::dead_letter_replayed, parts.clock);
  if (!parts.dead_letters.replay(request.tenant, delivery.id, by)) {
    const auto now = find(request, parts);
    if (now.state != DeliveryState::dead_lettered) throw ProblemError(no_dead_letter(now.state));
    throw ProblemError(destination_deleted("There is nowhere to send this dead letter; it can be discarded"));
  }
  return json_answer(moved_view(delivery, DeliveryState::retry_scheduled, holds_of(delivery, parts)));
}

Response discard_one(const Request& request, const Parts& parts) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(body, "", faults);
  fields.refuse_unknown({"reason"});
  const auto reason = read_reason(fields);
  refuse_faults(faults);
  const auto delivery = find(request, parts);
  if (delivery.state != DeliveryState::dead_lettered) throw ProblemError(no_dead_letter(delivery.state));
  const auto by = entry_by(request, audit::Action::dead_letter_discarded, parts.clock);
  if (!parts.dead_letters.discard(request.tenant, delivery.id, reason, by))
    throw ProblemError(no_dead_letter(find(request, parts).state));
  return json_answer(moved_view(delivery, DeliveryState::failed, holds_of(delivery, parts)));
}

Response resend_one(const Request& request, const Parts& parts) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields(body, "", faults).refuse_unknown({});
  refuse_faults(faults);
  const auto delivery = find(request, parts);
  const auto by = entry_by(request, audit::Action::delivery_resent, parts.clock);
  if (!parts.dead_letters.resend(request.tenant, delivery.id, by)) {
    const auto state = find(request, parts).state;
    if (state == DeliveryState::delivered || state == DeliveryState::failed)
      throw ProblemError(destination_deleted("There is nowhere to send this delivery"));
    const bool dead = state == DeliveryState::dead_lettered;
    throw ProblemError({409,
                        "not-ended",
                        "The delivery has neither been delivered nor failed",
                        dead ? "It is a dead letter: replay it" : "It is " + std::string(to_string(state)),
                        {},
                        {},
                        {{"state", json_view(to_string(state))}}});
  }
  return json_answer(moved_view(delivery, DeliveryState::retry_scheduled, holds_of(delivery, parts)));
}

Response replay_many(const Request& request, const Parts& parts) {
  auto asked = bulk_request(request, {.without_filter = every});
  asked.filter.destination_exists = true;  // there is nowhere to send the others
  const auto matching = parts.dead_letters.count(request.tenant, asked.filter);
  if (asked.dry_run) return json_answer({{"dry_run", true}, {"matching", matching}});
  const auto by = entry_by(request, audit::Action::dead_letter_replayed, parts.clock);
  const auto moved = parts.dead_letters.replay(request.tenant, asked.filter, asked.limit, by);
  const auto catalog = parts.catalog.current();
  const auto holds = parts.runtime.holds(*catalog, request.tenant);
  const auto held = std::ranges::count_if(moved, [&](const auto& one) { return holds.contains(one.destination); });
  return json_answer(
      {{"dry_run", false}, {"matching", matching}, {"replayed", moved.size()}, {"held_deliveries", held}});
}

Response discard_many(const Request& request, const Parts& parts) {
  const auto asked = bulk_request(request, {.reason = true, .without_filter = every});
  const auto matching = parts.dead_letters.count(request.tenant, asked.filter);
  if (asked.dry_run) return json_answer({{"dry_run", true}, {"matching", matching}});
  const auto by = entry_by(request, audit::Action::dead_letter_discarded, parts.clock);
  const auto moved = parts.dead_letters.discard(request.tenant, asked.filter, asked.limit, asked.reason, by);
  return json_answer({{"dry_run", false}, {"matching", matching}, {"discarded", moved.size()}});
}

}  // namespace

void add_dead_letter_routes(RouteTable& routes, delivery::DeliveryQuery& deliveries, DeadLetters& dead_letters,
                            delivery::CatalogCache& catalog, DestinationRuntime runtime, const Clock& clock) {
  const Parts parts{deliveries, dead_letters, catalog, std::move(runtime), clock};
  const auto add = [&](const char* method, const char* pattern, Action action,
                       Response (*handler)(const Request&, const Parts&)) {
    routes.add({method, pattern, action, [=](const Request& request) { return handler(request, parts); }});
  };
  add("GET", "/api/v1/dead-letters", Action::read_deliveries, list);
  add("GET", "/api/v1/dead-letters/{id}", Action::read_deliveries, show);
  add("POST", "/api/v1/dead-letters:replay", Action::handle_deliveries, replay_many);
  add("POST", "/api/v1/dead-letters:discard", Action::handle_deliveries, discard_many);
  add("POST", "/api/v1/dead-letters/{id}:replay", Action::handle_deliveries, replay_one);
  add("POST", "/api/v1/dead-letters/{id}:discard", Action::handle_deliveries, discard_one);
  add("POST", "/api/v1/deliveries/{id}:resend", Action::handle_deliveries, resend_one);
}

}  // namespace opi::api
