#include "api/session_routes.hpp"

#include <boost/json/object.hpp>

#include "api/administration_answers.hpp"
#include "api/problem.hpp"
#include "api/request_handler.hpp"
#include "delivery/json_fields.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr std::size_t sign_in_body_bytes = 16 * 1024;
constexpr const char* nobody = "Nobody was signed in";

json::object view_of(const identity::Caller& caller) {
  const auto& identity = caller.identity;
  return {{"role", json_view(to_string(identity.role))},
          {"tenant_id", or_null(identity.tenant.str())},
          {"actor", identity.actor_id},
          {"expires_at", or_null(caller.expires_at)},
          {"csrf_token", or_null(caller.csrf_token)}};
}

// Not named __Host-: that would refuse the cookie where the console runs without TLS, on a developer's machine.
std::string cookie(const std::string& value, bool secure) {
  return std::string(identity::session_cookie) + "=" + value + "; HttpOnly; SameSite=Strict; Path=/" +
         (secure ? "; Secure" : "");
}

// Empty if the bearer stands in the Authorization header.
std::string token_in_body(const Request& request) {
  if (!request.authorization.empty()) return {};
  if (request.body.empty())
    throw ProblemError(
        unauthenticated("Send a token as 'Authorization: Bearer …' or as the member token of a JSON object"));
  // A form of a foreign page can send other types without asking the browser, but not this one.
  const auto document = document_of(request, nobody);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(document, "", faults);
  fields.refuse_unknown({"token"});
  auto token = fields.required_text("token", identity::JwtLimits::token_bytes);
  refuse_faults(faults, nobody);
  return token;
}

Response sign_in(const Request& request, identity::Authenticator& authenticator, bool secure_cookie) {
  refuse_parameters(request);
  const std::string token = token_in_body(request);
  identity::Presented presented;
  presented.method = request.method;
  presented.authorization = request.authorization;
  presented.address = request.address;
  const auto answer = authenticator.sign_in(presented, token);
  if (const auto* refusal = std::get_if<identity::Refusal>(&answer)) refuse(*refusal);
  const auto& opened = std::get<identity::Sessions::Opened>(answer);
  auto view = view_of(opened.caller);
  if (opened.caller.by_link) {
    view["session_token"] = opened.secret;
    return json_answer(view, 201);
  }
  auto response = json_answer(view, 201);
  response.headers.emplace_back("Set-Cookie", cookie(opened.secret, secure_cookie));
  return response;
}

Response sign_out(const Request& request, identity::Authenticator& authenticator, bool secure_cookie) {
  refuse_parameters(request);
  if (!request.caller.session) throw ProblemError(not_found());
  authenticator.sign_out(request.caller);
  Response response{204, "application/json", "", {}};
  if (!request.caller.by_link) response.headers.emplace_back("Set-Cookie", cookie("", secure_cookie) + "; Max-Age=0");
  return response;
}

}  // namespace

void add_session_routes(RouteTable& routes, identity::Authenticator& authenticator, bool secure_cookie) {
  routes.add({"POST", "/api/v1/session", std::nullopt,
              [&authenticator, secure_cookie](const Request& request) {
                return sign_in(request, authenticator, secure_cookie);
              },
              false, Route::Access::open, sign_in_body_bytes});
  routes.add({"GET", "/api/v1/session", std::nullopt,
              [](const Request& request) {
                refuse_parameters(request);
                return json_answer(view_of(request.caller));
              },
              false, Route::Access::authenticated});
  routes.add({"DELETE", "/api/v1/session", std::nullopt,
              [&authenticator, secure_cookie](const Request& request) {
                return sign_out(request, authenticator, secure_cookie);
              },
              false, Route::Access::authenticated});
}

}  // namespace opi::api
