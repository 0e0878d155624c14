#include "api/request_handler.hpp"

#include "api/problem.hpp"
#include "api/request_head_rules.hpp"
#include "delivery/intake.hpp"
#include "domain/redaction.hpp"
#include "domain/store_errors.hpp"

namespace opi::api {
namespace {

std::string media_type(std::string_view content_type) {
  std::string type;
  for (const char c : content_type.substr(0, content_type.find(';')))
    if (c != ' ') type += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

constexpr std::string_view events_path = "/api/v1/events";
// An event is known by its id, so that it is stored once however often it comes. Other changes are not.
constexpr const char* in_doubt_event =
    "Whether the events were stored is not known: the database did not confirm it. Send the same events again, with "
    "the "
    "same event_id: what is stored is answered as duplicate, and nothing is delivered twice for it";
constexpr const char* in_doubt_change =
    "Whether this was done is not known: the database did not confirm it. Look before you send it again";

// The installation is no customer, but it has an audit trail and tokens of its own.
bool concerns_the_installation(Action action) {
  return action == Action::read_audit || action == Action::manage_tokens;
}

}  // namespace

void refuse(const identity::Refusal& refusal) {
  const std::string detail(refusal.detail);
  switch (refusal.kind) {
    case identity::Refusal::Kind::csrf: throw ProblemError(csrf(detail));
    case identity::Refusal::Kind::too_many: throw ProblemError(too_many_requests(detail, refusal.retry_after));
    case identity::Refusal::Kind::unauthenticated: break;
  }
  throw ProblemError(unauthenticated(detail));
}

identity::Caller RequestHandler::authenticate(const RequestHead& head) const {
  auto answer =
      authenticator_.authenticate({head.method, head.authorization, head.cookie, head.csrf_token, head.address});
  if (const auto* refusal = std::get_if<identity::Refusal>(&answer)) refuse(*refusal);
  return std::move(std::get<identity::Caller>(answer));
}

TenantId RequestHandler::tenant_of(const RequestHead& head, const identity::Identity& identity, Action action) const {
  if (identity.role != Role::system_admin) {
    if (!head.tenant_header.empty() && head.tenant_header != identity.tenant.str())
      throw ProblemError(
          forbidden("The token belongs to another tenant", {{"X-Tenant-Id", "is not the token's tenant"}}));
    // An identity provider may know tenants that this installation does not.
    if (identity.actor_kind == audit::ActorKind::user && !known_tenant_(identity.tenant))
      throw ProblemError(forbidden("The tenant that the token names is not known here"));
    return identity.tenant;
  }
  const auto tenant = TenantId::parse(head.tenant_header);
  if (!tenant)
    throw ProblemError(
        bad_request("A system administrator names the tenant with each request",
                    {{"X-Tenant-Id", head.tenant_header.empty() ? "is missing" : "is not a tenant id"}}));
  const bool known = *tenant == audit::system_tenant() ? concerns_the_installation(action) : known_tenant_(*tenant);
  if (!known) throw ProblemError(not_found());
  return *tenant;
}

Admission RequestHandler::judge(const RequestHead& head) const {
  auto match = routes_.match(head.method, head.path);
  if (match.route == nullptr) {
    if (match.allowed_methods.empty()) throw ProblemError(not_found());
    Problem problem{
        405, "method-not-allowed", "Method not allowed", "This resource answers " + match.allowed_methods, {}, {}, {}};
    problem.headers.emplace_back("Allow", match.allowed_methods);
    throw ProblemError(std::move(problem));
  }
  Request request;
  request.method = head.method;
  request.path = head.path;
  request.query = head.query;
  request.parameters = std::move(match.parameters);
  request.content_type = media_type(head.content_type);
  request.if_match = head.if_match;
  request.if_none_match = head.if_none_match;
  request.accept_encoding = head.accept_encoding;
  request.authorization = head.authorization;
  request.address = head.address;
  const auto& route = *match.route;
  if (route.action || route.access == Route::Access::authenticated) {
    request.caller = authenticate(head);
    request.identity = request.caller.identity;
  }
  if (route.action) {
    if (!may(request.identity.role, *route.action))
      throw ProblemError(forbidden("The role " + std::string(to_string(request.identity.role)) + " may not do this"));
    // What it issued would outlive it.
    if (request.caller.by_link && *route.action == Action::manage_tokens)
      throw ProblemError(forbidden("A session that a portal link began issues no tokens and no links"));
    if (!route.of_installation) request.tenant = tenant_of(head, request.identity, *route.action);
  }
  const bool stranger = !route.action && route.access == Route::Access::open;
  const auto limit = route.body_bytes == 0 && stranger ? HeadLimits::collected_body_bytes : route.body_bytes;
  return {&route, std::move(request), limit};
}

std::variant<Admission, Response> RequestHandler::admit(const RequestHead& head) const {
  try {
    return judge(head);
  } catch (...) {
    return failed(head.path);
  }
}

Response RequestHandler::answer(Admission admission, std::string body) const {
  try {
    admission.request.body = std::move(body);
    return admission.route->handler(admission.request);
  } catch (...) {
    return failed(admission.request.path);
  }
}

Response RequestHandler::failed(const std::string& path) const {
  try {
    throw;
  } catch (const ProblemError& error) {
    return to_response(error.problem());
  } catch (const StoreUnavailable& failure) {
    logger_.warning("api.store_unavailable", {{"path", redact(path)}, {"error", failure.what()}});
    return to_response(unavailable("The store cannot be reached; nothing was stored", options_.retry_after_seconds));
  } catch (const delivery::IntakeOverloaded& failure) {
    return to_response(unavailable(failure.what(), options_.retry_after_seconds));
  } catch (const delivery::IntakeClosed& failure) {
    return to_response(unavailable(failure.what(), options_.retry_after_seconds));
  } catch (const CommitInDoubt& failure) {
    logger_.error("api.commit_in_doubt", {{"path", redact(path)}, {"error", failure.what()}});
    return to_response(
        commit_in_doubt(path == events_path ? in_doubt_event : in_doubt_change, options_.retry_after_seconds));
  } catch (const std::exception& failure) {
    logger_.error("api.failed", {{"path", redact(path)}, {"error", failure.what()}});
    return to_response({500, "internal", "Internal error", "The request failed; the log says why", {}, {}, {}});
  }
}

}  // namespace opi::api
