#include "api/request_handler.hpp"

#include "api/problem.hpp"
#include "delivery/intake.hpp"
#include "domain/store_errors.hpp"

namespace opi::api {
namespace {

identity::Identity authenticate(const RequestHead& head, identity::TokenVerifier& tokens) {
  static constexpr std::string_view scheme = "Bearer ";
  if (head.authorization.empty()) throw ProblemError(unauthenticated("Send an API token as 'Authorization: Bearer …'"));
  const std::string_view header = head.authorization;
  if (!header.starts_with(scheme))
    throw ProblemError(unauthenticated("The Authorization header is not a bearer token"));
  const auto identity = tokens.verify(header.substr(scheme.size()));
  if (!identity) throw ProblemError(unauthenticated("The token is unknown, expired or revoked"));
  return *identity;
}

TenantId tenant_of(const RequestHead& head, const identity::Identity& identity) {
  if (identity.role != Role::system_admin) {
    if (!head.tenant_header.empty() && head.tenant_header != identity.tenant.str())
      throw ProblemError(
          forbidden("The token belongs to another tenant", {{"X-Tenant-Id", "is not the token's tenant"}}));
    return identity.tenant;
  }
  const auto tenant = TenantId::parse(head.tenant_header);
  if (!tenant)
    throw ProblemError(
        bad_request("A system administrator names the tenant with each request",
                    {{"X-Tenant-Id", head.tenant_header.empty() ? "is missing" : "is not a tenant id"}}));
  return *tenant;
}

std::string media_type(std::string_view content_type) {
  std::string type;
  for (const char c : content_type.substr(0, content_type.find(';')))
    if (c != ' ') type += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

Response dispatch(const RouteTable& routes, identity::TokenVerifier& tokens, const RequestHead& head,
                  const std::function<std::string()>& read_body) {
  auto match = routes.match(head.method, head.path);
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
  if (match.route->action) {
    request.identity = authenticate(head, tokens);
    if (!may(request.identity.role, *match.route->action))
      throw ProblemError(forbidden("The role " + std::string(to_string(request.identity.role)) + " may not do this"));
    if (!match.route->of_installation) request.tenant = tenant_of(head, request.identity);
  }
  request.body = read_body();
  return match.route->handler(request);
}

}  // namespace

Response answer(const RouteTable& routes, identity::TokenVerifier& tokens, telemetry::Logger& logger,
                int retry_after_seconds, const RequestHead& head, const std::function<std::string()>& read_body) {
  try {
    return dispatch(routes, tokens, head, read_body);
  } catch (const ProblemError& error) {
    return to_response(error.problem());
  } catch (const StoreUnavailable& failure) {
    logger.warning("api.store_unavailable", {{"path", head.path}, {"error", failure.what()}});
    return to_response(unavailable("The store cannot be reached; nothing was stored", retry_after_seconds));
  } catch (const delivery::IntakeOverloaded& failure) {
    return to_response(unavailable(failure.what(), retry_after_seconds));
  } catch (const delivery::IntakeClosed& failure) {
    return to_response(unavailable(failure.what(), retry_after_seconds));
  } catch (const CommitInDoubt& failure) {
    logger.error("api.commit_in_doubt", {{"path", head.path}, {"error", failure.what()}});
    return to_response(
        unavailable("Whether this was stored is unknown; sending it again is safe", retry_after_seconds));
  } catch (const std::exception& failure) {
    logger.error("api.failed", {{"path", head.path}, {"error", failure.what()}});
    return to_response({500, "internal", "Internal error", "The request failed; the log says why", {}, {}, {}});
  }
}

}  // namespace opi::api
