#include "api/dead_letter_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "api/administration_answers.hpp"
#include "api/filter_parameters.hpp"
#include "delivery/dead_letter_explanation.hpp"
#include "delivery/json_fields.hpp"
#include "domain/redaction.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using delivery::DeadLetters;

constexpr int default_moves = 1'000;

struct Parts {
  delivery::DeliveryQuery& deliveries;
  DeadLetters& dead_letters;
  delivery::CatalogCache& catalog;
  DestinationRuntime runtime;
  const Clock& clock;
};

json::object dead_letter_view(const delivery::DeliveryView& delivery) {
  auto view = view_of(delivery, Holds{});  // it waits for a person
  const auto why = delivery::explain(delivery);
  view["explanation"] = why.explanation;
  view["advice"] = why.advice;
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
  for (const auto& delivery : page) rows.push_back(dead_letter_view(delivery));
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
  return json_answer(dead_letter_view(delivery));
}

audit::Entry entry_by(const Request& request, audit::Action action, const Clock& clock) {
  audit::Entry entry;
  entry.tenant = request.tenant;
  entry.at = clock.unix_now();
  entry.actor_kind = request.identity.actor_kind;
  entry.actor_id = request.identity.actor_id;
  entry.actor_role = to_string(request.identity.role);
  entry.action = action;
  return entry;
}

// --- bodies ---

// No body is an empty document.
json::object body_of(const Request& request) {
  refuse_parameters(request);
  if (request.body.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  return document_of(request);
}

void throw_if_any(std::vector<ProblemField> errors) {
  if (!errors.empty()) throw ProblemError(invalid_content("Nothing was changed", std::move(errors)));
}

std::vector<ProblemField> problem_fields(const std::vector<delivery::FieldError>& errors) {
  std::vector<ProblemField> fields;
  for (const auto& error : errors) fields.push_back({error.field, error.message});
  return fields;
}

std::string read_reason(delivery::JsonFields& fields) {
  return redact(fields.required_text("reason", DeadLetters::reason_length), DeadLetters::reason_length);
}

// Members are texts, or lists of texts, as in a query.
delivery::DeliveryFilter read_filter_object(const json::object& object, std::vector<ProblemField>& errors) {
  std::map<std::string, std::string> values;
  for (const auto& member : object) {
    std::string text;
    bool readable = !member.value().is_array() || !member.value().get_array().empty();
    const auto add = [&](const json::value& item) {
      const auto* one = item.if_string();
      readable = readable && one != nullptr;
      if (one != nullptr) text += (text.empty() ? "" : ",") + std::string(one->data(), one->size());
    };
    if (const auto* list = member.value().if_array())
      for (const auto& item : *list) add(item);
    else
      add(member.value());
    const std::string name(member.key().data(), member.key().size());
    if (readable)
      values[name] = std::move(text);
    else
      errors.push_back({"filter." + redact(name, 64), "must be a string or a list of strings"});
  }
  delivery::DeliveryFilter filter;
  ParameterReader reader(values, {}, filter_names, errors, "filter.");
  read_filter(reader, filter);
  return filter;
}

struct MoveRequest {
  delivery::DeliveryFilter filter;
  bool dry_run = true;
  int limit = default_moves;
  std::string reason;
};

MoveRequest move_request(const Request& request, bool with_reason) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(body, "", faults);
  if (with_reason)
    fields.refuse_unknown({"filter", "dry_run", "limit", "reason"});
  else
    fields.refuse_unknown({"filter", "dry_run", "limit"});
  MoveRequest asked;
  asked.dry_run = fields.boolean("dry_run").value_or(true);
  asked.limit = static_cast<int>(fields.integer("limit", 1, DeadLetters::max_at_once).value_or(default_moves));
  if (with_reason && (!asked.dry_run || body.contains("reason"))) asked.reason = read_reason(fields);
  const auto* filter = fields.object("filter");
  if (filter == nullptr && faults.empty()) fields.error("filter", "is missing; {} means all dead letters");
  auto errors = problem_fields(faults);
  if (filter != nullptr) asked.filter = read_filter_object(*filter, errors);
  throw_if_any(std::move(errors));
  return asked;
}

// --- actions ---

Response moved_view(const Request& request, const DeliveryId& id, DeliveryState state, const Parts& parts,
                    const DestinationId& destination) {
  const auto holds = parts.runtime.holds(*parts.catalog.current(), {{destination}});
  return json_answer({{"delivery_id", id.to_string()},
                      {"tenant_id", request.tenant.str()},
                      {"state", json_view(to_string(state))},
                      {"held", view_of(hold_of(holds, state, destination))}});
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
    throw ProblemError({409,
                        "destination-deleted",
                        "The destination was deleted",
                        "There is nowhere to send this dead letter; it can be discarded",
                        {},
                        {},
                        {}});
  }
  return moved_view(request, delivery.id, DeliveryState::retry_scheduled, parts, delivery.destination);
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
  return moved_view(request, delivery.id, DeliveryState::failed, parts, delivery.destination);
}

Response replay_many(const Request& request, const Parts& parts) {
  const auto asked = move_request(request, false);
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
  const auto asked = move_request(request, true);
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
  add("POST", "/api/v1/dead-letters:replay", Action::handle_dead_letters, replay_many);
  add("POST", "/api/v1/dead-letters:discard", Action::handle_dead_letters, discard_many);
  add("POST", "/api/v1/dead-letters/{id}:replay", Action::handle_dead_letters, replay_one);
  add("POST", "/api/v1/dead-letters/{id}:discard", Action::handle_dead_letters, discard_one);
}

}  // namespace opi::api
