#include "config.hpp"

#include <boost/json.hpp>
#include <opi/kit/config.hpp>

namespace opi::ticket {
namespace {

namespace json = boost::json;
using kit::TicketStep;
using kit::wrong;

constexpr std::size_t max_pointer = 256;

std::vector<int> statuses(const json::object& object, const std::string& where, std::string_view name) {
  std::vector<int> out;
  const auto* const list = object.if_contains({name.data(), name.size()});
  if (list == nullptr) return out;
  const auto field = where + "." + std::string(name);
  if (!list->is_array()) wrong(field, "is not a list");
  for (const auto& each : list->get_array()) {
    if (!each.is_int64() || each.get_int64() < 100 || each.get_int64() > 599)
      wrong(field, "is no list of HTTP statuses");
    out.push_back(static_cast<int>(each.get_int64()));
  }
  return out;
}

std::string pointer(const json::object& object, const std::string& where, std::string_view name) {
  auto text = kit::text(object, name);
  if (!text.empty() && (text.front() != '/' || text.size() > max_pointer))
    wrong(where + "." + std::string(name), "is not a JSON pointer, such as /issue/id");
  return text;
}

kit::Template path_template(const std::string& text, const std::string& field) {
  if (!text.starts_with('/')) wrong(field, "does not begin with \"/\"");
  return {text, {.syntax = kit::Syntax::url, .field = field, .own_names = own_names}};
}

Action action(const json::object& object, TicketStep step, kit::Missing missing) {
  const auto where = "actions." + std::string(kit::ticket_step_names[static_cast<std::size_t>(step)]);
  const bool finds = step == TicketStep::find;
  auto method = kit::text(object, "method", finds ? "GET" : "POST");
  if (method != "GET" && method != "POST" && method != "PUT" && method != "PATCH")
    wrong(where + ".method", "is not GET, POST, PUT or PATCH");
  if (method == "GET" && !finds) wrong(where + ".method", "must not be GET: it would change nothing");
  if (object.contains("body") == (method == "GET"))
    wrong(where + ".body", method == "GET" ? "is given, but a GET has none" : "is required");
  std::optional<kit::Template> body;
  if (method != "GET")
    body.emplace(kit::text(object, "body"),
                 kit::Template::Rules{.missing = missing, .field = where + ".body", .own_names = own_names});
  Action out{std::move(method),
             path_template(kit::text(object, "path"), where + ".path"),
             std::move(body),
             kit::custom_headers(object, "headers", where + ".headers"),
             pointer(object, where, "ref"),
             pointer(object, where, "url"),
             statuses(object, where, "success"),
             statuses(object, where, "retry"),
             statuses(object, where, "terminal")};
  const bool tells_ref = finds || step == TicketStep::create;
  if (tells_ref && out.ref.empty()) wrong(where + ".ref", "is required: where the ticket's id stands in the answer");
  if (!tells_ref && !(out.ref + out.url).empty())
    wrong(where, "has \"ref\" or \"url\", which only find and create have");
  return out;
}

// A missing action is the nearest one that there is: something must tell the receiver of each event.
void fill(std::map<TicketStep, Action>& actions, TicketStep missing, std::initializer_list<TicketStep> nearest) {
  for (const auto step : nearest)
    if (!actions.contains(missing) && actions.contains(step)) actions.emplace(missing, actions.at(step));
}

std::map<TicketStep, Action> actions_of(const json::object& config, kit::Missing missing) {
  std::map<TicketStep, Action> actions;
  for (const auto& [name, value] : kit::object_at(config, "actions")) {
    const auto at = std::ranges::find(kit::ticket_step_names, std::string_view{name});
    const auto step = static_cast<TicketStep>(at - kit::ticket_step_names.begin());
    if (at == kit::ticket_step_names.end() || step == TicketStep::look)
      wrong("actions", "has an action that is not find, create, update, comment or close");
    if (!value.is_object()) wrong("actions." + std::string(name), "is not an object");
    actions.emplace(step, action(value.get_object(), step, missing));
  }
  if (!actions.contains(TicketStep::create)) wrong("actions.create", "is required");
  fill(actions, TicketStep::update, {TicketStep::comment});
  fill(actions, TicketStep::comment, {TicketStep::update});
  fill(actions, TicketStep::close, {TicketStep::comment});
  if (!actions.contains(TicketStep::update)) wrong("actions", "has neither update nor comment");
  return actions;
}

}  // namespace

Config parse_config(std::string_view text) {
  const auto object = kit::parse_config_object(text);
  const auto missing =
      kit::one_of(object, "missing", {"null", "error"}) == "error" ? kit::Missing::error : kit::Missing::null;
  auto actions = actions_of(object, missing);
  const kit::TicketFlow flow(
      {.can_find = actions.contains(TicketStep::find), .create_unknown = kit::creates_unknown(object)});
  Config config{std::move(actions), flow, {object, "priorities", kit::urgency_names}, {}};
  if (const auto link = kit::text(object, "link"); !link.empty()) config.link = path_template(link, "link");
  config.title_characters = static_cast<std::size_t>(kit::number(object, "title_characters", 255));
  config.text_characters = static_cast<std::size_t>(kit::number(object, "text_characters", 30'000));
  return config;
}

}  // namespace opi::ticket
