#include "api/bulk_request.hpp"

#include <algorithm>

#include "api/administration_answers.hpp"
#include "domain/redaction.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 10> names_with_state = [] {
  std::array<std::string_view, 10> names{};
  std::ranges::copy(filter_names, names.begin());
  names.back() = "state";
  return names;
}();

std::optional<DeliveryState> parse_waiting_state(std::string_view text) {
  const auto state = parse_delivery_state(text);
  return state == DeliveryState::pending || state == DeliveryState::retry_scheduled ? state : std::nullopt;
}

// But for dead letters, which are replayed.
std::optional<DeliveryState> parse_ended_state(std::string_view text) {
  const auto state = parse_delivery_state(text);
  return state == DeliveryState::delivered || state == DeliveryState::failed ? state : std::nullopt;
}

// A list of texts as one, with commas between; nullopt for anything else.
std::optional<std::string> joined(const json::value& value) {
  if (const auto* one = value.if_string()) return std::string(one->data(), one->size());
  const auto* list = value.if_array();
  if (list == nullptr || list->empty()) return std::nullopt;
  std::string text;
  for (const auto& item : *list) {
    const auto* one = item.if_string();
    if (one == nullptr) return std::nullopt;
    text += (text.empty() ? "" : ",") + std::string(one->data(), one->size());
  }
  return text;
}

}  // namespace

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

json::object body_of(const Request& request) {
  refuse_parameters(request);
  if (request.body.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  return document_of(request);
}

std::string read_reason(delivery::JsonFields& fields) {
  return redact(fields.required_text("reason", reason_length), reason_length);
}

std::vector<ProblemField> problem_fields(const std::vector<delivery::FieldError>& errors) {
  std::vector<ProblemField> fields;
  for (const auto& error : errors) fields.push_back({error.field, error.message});
  return fields;
}

delivery::DeliveryFilter read_filter_object(const json::object& object, FilterStates states,
                                            std::vector<ProblemField>& errors) {
  std::map<std::string, std::string> values;
  for (const auto& member : object) {
    const std::string name(member.key().data(), member.key().size());
    if (auto text = joined(member.value()))
      values[name] = std::move(*text);
    else
      errors.push_back({"filter." + redact(name, 64), "must be a string or a list of strings"});
  }
  delivery::DeliveryFilter filter;
  const bool stateful = states != FilterStates::none;
  ParameterReader reader(values, {}, std::span(names_with_state).first(stateful ? 10 : 9), errors, "filter.");
  read_filter(reader, filter);
  if (states == FilterStates::waiting)
    filter.states = reader.list("state", "must be pending, retry_scheduled or both", 2, parse_waiting_state);
  if (states == FilterStates::ended)
    filter.states = reader.list("state", "must be delivered, failed or both", 2, parse_ended_state);
  return filter;
}

BulkRequest bulk_request(const Request& request, const BulkMembers& members) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(body, "", faults);
  if (members.reason)
    fields.refuse_unknown({"filter", "dry_run", "limit", "reason"});
  else
    fields.refuse_unknown({"filter", "dry_run", "limit"});
  BulkRequest asked;
  asked.dry_run = fields.boolean("dry_run").value_or(true);
  asked.limit = static_cast<int>(fields.integer("limit", 1, members.max_limit).value_or(default_moves));
  if (members.reason && (!asked.dry_run || body.contains("reason"))) asked.reason = read_reason(fields);
  const auto* filter = fields.object("filter");
  if (filter == nullptr && faults.empty()) fields.error("filter", members.without_filter);
  auto errors = problem_fields(faults);
  if (filter != nullptr) asked.filter = read_filter_object(*filter, members.states, errors);
  if (!errors.empty()) throw ProblemError(invalid_content("Nothing was changed", std::move(errors)));
  return asked;
}

}  // namespace opi::api
