#include "api/event_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/administration_answers.hpp"
#include "delivery/envelope.hpp"
#include "delivery/json_text.hpp"

namespace opi::api {
namespace {

constexpr std::size_t max_reported_errors = 50;

std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size());
    auto line = body.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines.push_back(line);
    if (lines.size() > EventLimitsPerRequest::events) break;
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return lines;
}

struct EventTexts {
  std::vector<std::string_view> texts;
  bool many = false;  // errors name the event's place
};

EventTexts cut(const Request& request) {
  if (request.content_type == "application/x-ndjson") return {lines_of(request.body), true};
  if (request.content_type != "application/json")
    throw ProblemError({415,
                        "unsupported-media-type",
                        "Unsupported media type",
                        "Content-Type must be application/json or application/x-ndjson",
                        {},
                        {},
                        {}});
  const auto start = request.body.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) throw ProblemError(bad_request("The body is empty"));
  if (request.body[start] != '[') return {{request.body}, false};
  auto elements = delivery::array_elements(request.body, EventLimitsPerRequest::events);
  if (!elements) throw ProblemError(bad_request("The body is not a complete JSON array"));
  return {std::move(*elements), true};
}

std::vector<delivery::ParsedEvent> parse(const EventTexts& texts) {
  std::vector<delivery::ParsedEvent> events;
  std::vector<ProblemField> errors;
  for (std::size_t i = 0; i < texts.texts.size(); ++i) {
    auto parsed = delivery::parse_envelope(texts.texts[i]);
    if (auto* event = std::get_if<delivery::ParsedEvent>(&parsed)) {
      events.push_back(std::move(*event));
      continue;
    }
    const std::string place = texts.many ? "[" + std::to_string(i) + "]" : "";
    for (auto& error : std::get<std::vector<delivery::FieldError>>(parsed))
      if (errors.size() < max_reported_errors)
        errors.push_back({place.empty()         ? error.field
                          : error.field.empty() ? place
                                                : place + "." + error.field,
                          std::move(error.message)});
  }
  if (!errors.empty()) throw ProblemError(invalid_content("Nothing was stored", std::move(errors)));
  return events;
}

void check_tenant(const std::vector<delivery::ParsedEvent>& events, const Request& request, bool many,
                  delivery::CatalogCache& catalog) {
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].event.tenant_id != request.tenant)
      throw ProblemError(forbidden("Nothing was stored", {{(many ? "[" + std::to_string(i) + "]." : "") + "tenant_id",
                                                           "is not the tenant of the token"}}));
  if (catalog.current()->tenants.contains(request.tenant)) return;
  catalog.refresh();
  if (!catalog.current()->tenants.contains(request.tenant))
    throw ProblemError(invalid_content("Nothing was stored", {{"tenant_id", "is not a known tenant"}}));
}

std::string_view name(delivery::InsertResult result) {
  switch (result) {
    case delivery::InsertResult::accepted: return "accepted";
    case delivery::InsertResult::duplicate: return "duplicate";
    case delivery::InsertResult::conflict: return "conflict";
  }
  return "";
}

Response publish(const Request& request, delivery::Intake& intake, delivery::CatalogCache& catalog) {
  refuse_parameters(request);
  const EventTexts texts = cut(request);
  if (texts.texts.empty()) throw ProblemError(bad_request("There is no event in the body"));
  if (texts.texts.size() > EventLimitsPerRequest::events)
    throw ProblemError(
        too_large("At most " + std::to_string(EventLimitsPerRequest::events) + " events fit one request"));
  auto events = parse(texts);
  check_tenant(events, request, texts.many, catalog);
  std::vector<std::string> ids;
  for (auto& parsed : events) {
    ids.push_back(parsed.event.event_id.str());
    parsed.event.producer = request.identity.producer();
  }
  const auto results = intake.submit(std::move(events));

  boost::json::array rows;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto result = name(results[i]);
    rows.push_back({{"event_id", ids[i]}, {"result", boost::json::string_view{result.data(), result.size()}}});
  }
  const auto conflicts = std::ranges::count(results, delivery::InsertResult::conflict);
  if (conflicts > 0) {
    Problem problem{409, "event-conflict", "An event with this id and other content exists", "", {}, {}, {}};
    problem.detail = std::to_string(conflicts) + " of " + std::to_string(ids.size()) +
                     " events conflict with stored ones and were not stored; the others were";
    problem.extra["results"] = std::move(rows);
    return to_response(problem);
  }
  return {202, "application/json", boost::json::serialize(boost::json::object{{"results", std::move(rows)}}), {}};
}

}  // namespace

void add_event_routes(RouteTable& routes, delivery::Intake& intake, delivery::CatalogCache& catalog) {
  routes.add({"POST", "/api/v1/events", Action::publish_events,
              [&](const Request& request) { return publish(request, intake, catalog); }});
}

}  // namespace opi::api
