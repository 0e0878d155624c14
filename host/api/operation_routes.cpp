#include "api/operation_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "api/administration_answers.hpp"
#include "api/bulk_request.hpp"
#include "delivery/filter_json.hpp"
#include "domain/new_uuid.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;
using delivery::Operation;
using delivery::OperationId;
using delivery::OperationKind;

json::object operation_view(const Operation& operation) {
  return {
      {"operation_id", operation.id.to_string()},
      {"tenant_id", operation.tenant.str()},
      {"kind", json_view(to_string(operation.kind))},
      {"filter", to_json(operation.filter)},
      {"reason", or_null(operation.reason)},
      {"rate_per_second", operation.rate_per_second ? json::value(*operation.rate_per_second) : json::value(nullptr)},
      {"state", json_view(to_string(operation.state))},
      {"counted", operation.counted},
      {"done", operation.done},
      {"failed", operation.failed},
      {"error", or_null(operation.error)},
      {"started_by",
       {{"kind", json_view(to_string(operation.actor_kind))},
        {"id", operation.actor_id},
        {"role", or_null(operation.actor_role)}}},
      {"created_at", to_rfc3339(operation.created_at)},
      {"updated_at", to_rfc3339(operation.updated_at)},
      {"finished_at", or_null(operation.finished_at)}};
}

Operation find_operation(const Request& request, const OperationParts& parts) {
  const auto id = OperationId::parse(request.parameters.at(0));
  auto found = id ? parts.operations.find(request.tenant, *id) : std::nullopt;
  if (!found) throw ProblemError(not_found());
  return std::move(*found);
}

Response list(const Request& request, const OperationParts& parts) {
  std::optional<OperationId> before;
  int limit = default_page;
  read_parameters(request, {"cursor", "limit"}, [&](ParameterReader& reader) {
    before = reader.one("cursor", "must be next_cursor of an earlier page", OperationId::parse);
    limit = reader.one("limit", "must be 1 to 200", parse_limit).value_or(limit);
  });
  const auto page = parts.operations.list(request.tenant, before, limit);
  json::array rows;
  for (const auto& one : page) rows.push_back(operation_view(one));
  const bool full = page.size() == static_cast<std::size_t>(limit);
  return json_answer({{"operations", std::move(rows)},
                      {"next_cursor", full ? json::value(page.back().id.to_string()) : json::value(nullptr)}});
}

Response show(const Request& request, const OperationParts& parts) {
  refuse_parameters(request);
  return json_answer(operation_view(find_operation(request, parts)));
}

// --- starting one ---

FilterStates states_for(OperationKind kind) {
  switch (kind) {
    case OperationKind::cancel: return FilterStates::waiting;
    case OperationKind::resend: return FilterStates::ended;
    default: return FilterStates::none;
  }
}

struct StartRequest {
  Operation operation;
  bool dry_run = true;
};

StartRequest start_request(const Request& request) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(body, "", faults);
  fields.refuse_unknown({"kind", "filter", "dry_run", "reason", "rate_per_second"});
  StartRequest asked;
  auto& operation = asked.operation;
  asked.dry_run = fields.boolean("dry_run").value_or(true);
  const auto kind = delivery::parse_operation_kind(fields.required_text("kind", 32));
  if (kind)
    operation.kind = *kind;
  else if (body.contains("kind") && faults.empty())
    fields.error("kind", "must be cancel, replay or resend");
  const bool cancels = kind == OperationKind::cancel;
  if (body.contains("reason") || (cancels && !asked.dry_run)) operation.reason = read_reason(fields);
  if (body.contains("reason") && kind && !cancels) fields.error("reason", "is for the kind cancel alone");
  if (const auto rate = fields.integer("rate_per_second", 1, Operation::max_rate))
    operation.rate_per_second = static_cast<int>(*rate);
  const auto* filter = fields.object("filter");
  if (filter == nullptr && !body.contains("filter")) fields.error("filter", "is missing; {} means all");
  auto errors = problem_fields(faults);
  if (filter != nullptr && kind) operation.filter = read_filter_object(*filter, states_for(*kind), errors);
  if (!errors.empty()) throw ProblemError(invalid_content("Nothing was started", std::move(errors)));
  if (kind == OperationKind::resend && operation.filter.states.empty())
    operation.filter.states = {DeliveryState::delivered, DeliveryState::failed};
  return asked;
}

std::int64_t count(const Request& request, const Operation& operation, const OperationParts& parts) {
  if (operation.kind == OperationKind::cancel) return parts.waiting.count(request.tenant, operation.filter).waiting;
  auto filter = operation.filter;
  filter.destination_exists = true;  // there is nowhere to send the others
  return parts.ended.count(request.tenant, filter);
}

Response start(const Request& request, const OperationParts& parts) {
  auto [operation, dry_run] = start_request(request);
  operation.counted = count(request, operation, parts);
  if (dry_run) return json_answer({{"dry_run", true}, {"matching", operation.counted}});
  operation.id = OperationId{new_uuid(parts.clock, parts.random)};
  operation.tenant = request.tenant;
  auto entry = entry_by(request, audit::Action::operation_started, parts.clock);
  operation.actor_kind = entry.actor_kind;
  operation.actor_id = entry.actor_id;
  operation.actor_role = entry.actor_role;
  operation.created_at = operation.updated_at = entry.at;
  entry.target = "operation:" + operation.id.to_string();
  entry.details = json::serialize(json::object{{"kind", json_view(to_string(operation.kind))},
                                               {"filter", to_json(operation.filter)},
                                               {"reason", or_null(operation.reason)},
                                               {"counted", operation.counted}});
  if (parts.operations.start(operation, entry) == delivery::StartResult::too_many)
    throw ProblemError({409,
                        "too-many-operations",
                        "Too many operations are running",
                        "At most " + std::to_string(Operation::max_running) + " of a tenant run at a time",
                        {},
                        {},
                        {}});
  auto response = json_answer(operation_view(operation), 202);
  response.headers.emplace_back("Location", "/api/v1/operations/" + operation.id.to_string());
  return response;
}

Response cancel(const Request& request, const OperationParts& parts) {
  const auto body = body_of(request);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields(body, "", faults).refuse_unknown({});
  refuse_faults(faults);
  const auto operation = find_operation(request, parts);
  auto entry = entry_by(request, audit::Action::operation_cancelled, parts.clock);
  entry.target = "operation:" + operation.id.to_string();
  const bool cancelled = parts.operations.cancel(request.tenant, operation.id, entry);
  const auto now = find_operation(request, parts);
  if (!cancelled)
    throw ProblemError(
        {409, "operation-ended", "The operation has ended", "It is " + std::string(to_string(now.state)), {}, {}, {}});
  return json_answer(operation_view(now));
}

}  // namespace

void add_operation_routes(RouteTable& routes, const OperationParts& parts) {
  const auto add = [&](const char* method, const char* pattern, Action action,
                       Response (*handler)(const Request&, const OperationParts&)) {
    routes.add({method, pattern, action, [=](const Request& request) { return handler(request, parts); }});
  };
  add("GET", "/api/v1/operations", Action::read_deliveries, list);
  add("POST", "/api/v1/operations", Action::handle_deliveries, start);
  add("GET", "/api/v1/operations/{id}", Action::read_deliveries, show);
  add("POST", "/api/v1/operations/{id}:cancel", Action::handle_deliveries, cancel);
}

}  // namespace opi::api
