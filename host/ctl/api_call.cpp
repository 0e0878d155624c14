#include "ctl/api_call.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iostream>

#include "api/problem.hpp"
#include "audit/audit_record.hpp"
#include "ctl/failure.hpp"
#include "ctl/services.hpp"
#include "domain/redaction.hpp"
#include "domain/text.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr std::size_t max_document_bytes = 16 * 1024 * 1024;

json::object object_of(const std::string& text) {
  if (text.empty()) return {};
  auto value = json::parse(text);
  return std::move(value.as_object());
}

// How deliveries to a destination go just now is known to the running daemon alone; what this process would say of it
// is left out rather than wrong.
void leave_out_runtime(json::object& body) {
  if (auto* runtime = body.if_contains("runtime")) *runtime = nullptr;
  if (auto* rows = body.if_contains("destinations"); rows != nullptr && rows->is_array())
    for (auto& row : rows->get_array())
      if (auto* one = row.if_object(); one != nullptr && one->contains("runtime")) (*one)["runtime"] = nullptr;
}

identity::Identity operator_identity() {
  identity::Identity identity;
  identity.role = Role::system_admin;  // whoever can write the store can do everything
  identity.actor_kind = audit::ActorKind::system;
  identity.actor_id = operating_user();
  return identity;
}

// "destination_id" of the query came from --destination-id; a member of a document stays as it is.
void name_options(json::object& problem, const Command& command) {
  auto* errors = problem.if_contains("errors");
  if (errors == nullptr) return;
  for (auto& error : errors->as_array()) {
    auto& field = error.as_object()["field"].as_string();
    for (const auto& option : command.options)
      if (option.use != Option::Use::own && api_name(option.name) == std::string_view(field.data(), field.size()))
        field = "--" + std::string(option.name);
    if (field == "If-Match") field = "--if-match";
  }
}

[[noreturn]] void fail(const api::Problem& problem, const Arguments& arguments) {
  auto document = object_of(api::to_response(problem).body);
  name_options(document, arguments.command());
  throw Failure(exit_code_of(problem.status), std::move(document));
}

TenantId tenant_of(Context& context, const Arguments& arguments, const api::Route& route) {
  if (route.of_installation || !arguments.has("tenant")) return {};
  const TenantId tenant = arguments.tenant();
  const bool system =
      tenant == audit::system_tenant() && (route.action == Action::read_audit || route.action == Action::manage_tokens);
  if (!system && !context.services().catalog()->tenants.contains(tenant))
    throw failure(exit_missing, "not-found", "Not found", "there is no tenant " + tenant.str());
  return tenant;
}

std::optional<std::int64_t> revision_of(const api::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name != "ETag" || value.size() < 3) continue;
    std::int64_t number = 0;
    std::from_chars(value.data() + 1, value.data() + value.size() - 1, number);
    return number;
  }
  return std::nullopt;
}

}  // namespace

Answer call(Context& context, const Arguments& arguments, const Call& call) {
  const auto match = context.services().routes().match(call.method, "/api/v1" + call.path);
  if (match.route == nullptr) throw std::logic_error("no route answers " + call.method + " " + call.path);
  api::Request request;
  request.method = call.method;
  request.path = "/api/v1" + call.path;
  request.query = call.query;
  request.parameters = match.parameters;
  request.content_type = "application/json";
  request.if_match = call.revision ? "\"" + std::to_string(*call.revision) + "\"" : "*";
  request.body = call.body;
  request.identity = operator_identity();
  request.tenant = tenant_of(context, arguments, *match.route);
  try {
    const auto response = match.route->handler(request);
    auto body = object_of(response.body);
    leave_out_runtime(body);
    return {response.status, std::move(body), revision_of(response)};
  } catch (const api::ProblemError& error) {
    fail(error.problem(), arguments);
  } catch (const StoreUnavailable& unavailable) {
    throw failure(exit_unavailable, "unavailable", "The store is not available", unavailable.what());
  } catch (const CommitInDoubt& doubt) {
    throw failure(exit_unavailable, "in-doubt", "The answer of the store was lost",
                  std::string("whether it was done is not known; look before doing it again: ") + doubt.what());
  }
}

Answer get(Context& context, const Arguments& arguments, const std::string& path) {
  return call(context, arguments, {"GET", path, arguments.query()});
}

std::string segment(const std::string& id) {
  if (id.empty() || id.find_first_of("/:?#%") != std::string::npos || !is_plain_text(id))
    throw failure(exit_missing, "not-found", "Not found", "there is nothing of the id '" + redact(id, 64) + "'");
  return id;
}

std::string read_document(Context& context, const std::string& file) {
  std::string text;
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) {
      const bool denied = errno == EACCES;
      throw failure(denied ? exit_permission : exit_missing, denied ? "permission" : "no-input",
                    "The file cannot be read", file + ": cannot be read");
    }
  }
  std::istream& stream = file == "-" ? context.in() : opened;
  for (char buffer[64 * 1024]; stream.read(buffer, sizeof buffer), stream.gcount() > 0;) {
    text.append(buffer, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > max_document_bytes)
      throw failure(exit_data, "too-large", "The document is too large", file + ": is larger than 16 MiB");
  }
  if (stream.bad()) throw failure(exit_missing, "no-input", "The file cannot be read", file + ": reading it failed");
  return text;
}

}  // namespace opi::ctl
