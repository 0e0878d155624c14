#include "api/destination_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>

#include "administration/views.hpp"
#include "api/administration_answers.hpp"
#include "api/destination_answer.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using administration::TestEventLimits;

struct Parts {
  administration::Destinations& destinations;
  administration::DestinationRemoval& removal;
  administration::TestEvents& test_events;
  administration::CredentialCheck& credentials;
  administration::CatalogEditor& editor;
  DestinationRuntime runtime;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view part) {
  // Not std::ranges::search: clang 14, which fuzzes this, cannot read libstdc++'s subrange.
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return part.empty() || std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

struct ListFilter {
  std::optional<bool> enabled;
  std::optional<std::string> adapter, name_part;
  std::optional<bool> held;
  std::vector<HoldCause> held_causes;  // empty: whatever it is
  std::optional<DestinationId> after;
  std::size_t limit = default_page;
};

std::optional<std::string> parse_text(std::string_view text) { return std::string(text); }

ListFilter filter_of(const Request& request) {
  ListFilter filter;
  read_parameters(
      request, {"enabled", "held", "held_cause", "adapter", "q", "cursor", "limit"}, [&](ParameterReader& reader) {
        filter.enabled = reader.one("enabled", "must be true or false", parse_flag);
        filter.held = reader.one("held", "must be true or false", parse_flag);
        filter.held_causes = reader.list("held_cause", "must be a cause of a hold, or several with commas between",
                                         all_hold_causes.size(), parse_hold_cause);
        filter.adapter = reader.one("adapter", "", parse_text);
        filter.name_part = reader.one("q", "", parse_text);
        filter.after = reader.one("cursor", "must be next_cursor of an earlier page", DestinationId::parse);
        filter.limit =
            static_cast<std::size_t>(reader.one("limit", "must be 1 to 200", parse_limit).value_or(default_page));
      });
  return filter;
}

// The tenant's destinations that pass the filter, in the order of their ids, which is that of their creation.
std::vector<std::shared_ptr<const Destination>> filtered(const ListFilter& filter, const Catalog& catalog,
                                                         const TenantId& tenant) {
  std::vector<std::shared_ptr<const Destination>> rows;
  if (const auto group = catalog.by_tenant.find(tenant); group != catalog.by_tenant.end())
    for (const auto& one : group->second)
      if (one->enabled == filter.enabled.value_or(one->enabled) &&
          one->adapter == filter.adapter.value_or(one->adapter) && contains(one->name, filter.name_part.value_or("")) &&
          (!filter.after || one->id > *filter.after))
        rows.push_back(one);
  std::ranges::sort(rows, {}, [](const auto& one) { return one->id; });
  return rows;
}

void keep_held(DestinationRuntime::Destinations& rows, const ListFilter& filter, const DestinationRuntime& runtime) {
  const auto standings = runtime.of(rows);
  DestinationRuntime::Destinations kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& hold = standings[i].held;
    const bool has_cause = filter.held_causes.empty() ||
                           (hold && std::ranges::find(filter.held_causes, hold->cause) != filter.held_causes.end());
    if (has_cause && hold.has_value() == filter.held.value_or(hold.has_value())) kept.push_back(rows[i]);
  }
  rows = std::move(kept);
}

Response list(const Request& request, const Parts& parts) {
  const auto filter = filter_of(request);
  const auto catalog = parts.editor.catalog();
  auto page = filtered(filter, *catalog, request.tenant);
  if (filter.held || !filter.held_causes.empty()) keep_held(page, filter, parts.runtime);
  const bool more = page.size() > filter.limit;
  if (more) page.resize(filter.limit);
  const auto postures = parts.credentials.postures(page);
  auto standings = parts.runtime.of(page);
  json::array rows;
  for (std::size_t i = 0; i < page.size(); ++i) {
    auto row = administration::view_of(*page[i], catalog->policy_of(*page[i]), postures[i]);
    row["held"] = view_of(standings[i].held);
    row["runtime"] = std::move(standings[i].runtime);
    rows.push_back(std::move(row));
  }
  return json_answer({{"destinations", std::move(rows)},
                      {"next_cursor", more ? json::value(page.back()->id.to_string()) : json::value(nullptr)}});
}

Response shown(const std::shared_ptr<const Destination>& destination, const Parts& parts, int status = 200) {
  return destination_answer(destination, *parts.editor.catalog(), parts.credentials, parts.runtime, status);
}

Response create(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  const auto destination =
      done(parts.destinations.create(request.tenant, request.body, administration::actor_of(request.identity)));
  auto response = shown(destination, parts, 201);
  response.headers.emplace_back("Location", "/api/v1/destinations/" + destination->id.to_string());
  return response;
}

Response show(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto found = find_destination(request, parts.editor);
  return destination_answer(found.destination, *found.catalog, parts.credentials, parts.runtime);
}

Response replace(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  const auto id = find_destination(request, parts.editor).destination->id;
  return shown(done(parts.destinations.replace(request.tenant, id, required_revision(request), request.body,
                                               administration::actor_of(request.identity))),
               parts);
}

std::optional<std::int64_t> parse_waiting(std::string_view text) {
  std::int64_t waiting = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), waiting);
  if (failure != std::errc{} || end != text.data() + text.size() || waiting < 0 ||
      waiting > delivery::WaitingDeliveries::max_at_once)
    return std::nullopt;
  return waiting;
}

// Alone, or with what waits for it once its number is confirmed.
Response remove(const Request& request, const Parts& parts) {
  std::optional<std::int64_t> waiting;
  read_parameters(request, {"cancel_waiting"}, [&](ParameterReader& reader) {
    waiting = reader.one("cancel_waiting", "must be the number of deliveries that wait, 0 to 10000", parse_waiting);
  });
  const auto id = destination_id_of(request);
  const auto seen = seen_revision(request);
  const auto actor = administration::actor_of(request.identity);
  const auto result = waiting ? parts.removal.remove_with_waiting(request.tenant, id, seen, *waiting, actor)
                              : parts.removal.remove(request.tenant, id, seen, actor);
  try {
    expect_done(result.status, {});
  } catch (const ProblemError& refusal) {
    using enum administration::ChangeStatus;
    if (result.status != busy && result.status != miscounted) throw;
    auto problem = refusal.problem();
    problem.extra = {{"waiting", result.live.waiting}, {"under_way", result.live.under_way}};
    throw ProblemError(std::move(problem));
  }
  return {204, "application/json", "", {}};
}

Response enable(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  return shown(done(parts.destinations.enable(request.tenant, destination_id_of(request), seen_revision(request),
                                              administration::actor_of(request.identity))),
               parts);
}

Response disable(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  return shown(done(parts.destinations.disable(request.tenant, destination_id_of(request), seen_revision(request),
                                               request.body, administration::actor_of(request.identity))),
               parts);
}

std::optional<std::chrono::milliseconds> parse_wait(std::string_view text) {
  int wait = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), wait);
  if (failure != std::errc{} || end != text.data() + text.size() || wait < 0 ||
      wait > TestEventLimits::max_wait.count())
    return std::nullopt;
  return std::chrono::milliseconds{wait};
}

Response test(const Request& request, const Parts& parts) {
  std::chrono::milliseconds patience{0};
  read_parameters(request, {"wait_ms"}, [&](ParameterReader& reader) {
    patience = reader.one("wait_ms", "must be 0 to 15000", parse_wait).value_or(patience);
  });
  const auto delivery = done(parts.test_events.send(request.tenant, destination_id_of(request), seen_revision(request),
                                                    administration::actor_of(request.identity)));
  std::optional<Attempt> attempt;
  if (patience.count() > 0) attempt = parts.test_events.first_attempt(request.tenant, delivery, patience);
  auto response = json_answer({{"delivery_id", delivery.to_string()},
                               {"attempt", attempt ? json::value(view_of(*attempt)) : json::value(nullptr)}},
                              202);
  response.headers.emplace_back("Location", "/api/v1/deliveries/" + delivery.to_string());
  return response;
}

}  // namespace

void add_destination_routes(RouteTable& routes, administration::Destinations& destinations,
                            administration::DestinationRemoval& removal, administration::TestEvents& test_events,
                            administration::CredentialCheck& credentials, administration::CatalogEditor& editor,
                            DestinationRuntime runtime) {
  const Parts parts{destinations, removal, test_events, credentials, editor, std::move(runtime)};
  const auto add = [&](const char* method, const char* pattern, Action action,
                       Response (*handler)(const Request&, const Parts&)) {
    routes.add({method, pattern, action, [parts, handler](const Request& request) { return handler(request, parts); }});
  };
  add("GET", "/api/v1/destinations", Action::read_destinations, list);
  add("POST", "/api/v1/destinations", Action::manage_destinations, create);
  add("GET", "/api/v1/destinations/{id}", Action::read_destinations, show);
  add("PUT", "/api/v1/destinations/{id}", Action::manage_destinations, replace);
  add("DELETE", "/api/v1/destinations/{id}", Action::manage_destinations, remove);
  add("POST", "/api/v1/destinations/{id}:enable", Action::manage_destinations, enable);
  add("POST", "/api/v1/destinations/{id}:disable", Action::manage_destinations, disable);
  add("POST", "/api/v1/destinations/{id}:test", Action::manage_destinations, test);
}

}  // namespace opi::api
