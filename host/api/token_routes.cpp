#include "api/token_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>

#include "api/administration_answers.hpp"
#include "api/audit_entry.hpp"
#include "api/delivery_views.hpp"
#include "api/filter_parameters.hpp"
#include "api/problem.hpp"
#include "delivery/json_fields.hpp"
#include "domain/redaction.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_label_bytes = 200;
constexpr std::size_t max_prefix_bytes = 32;
constexpr int max_lifetime_days = 3650;
constexpr const char* no_token = "No token was issued";

struct Parts {
  identity::TokenStore& tokens;
  identity::Authenticator& authenticator;
  const Clock& clock;
  Random& random;
};

// Whose tokens the request is about: system administrators' have no tenant.
TenantId owner(const Request& request) {
  return request.tenant == audit::system_tenant() ? TenantId{} : request.tenant;
}

json::object view_of(const identity::TokenRecord& token) {
  return {{"prefix", token.prefix},
          {"role", json_view(to_string(token.role))},
          {"label", token.label},
          {"created_at", to_rfc3339(token.created_at)},
          {"expires_at", or_null(token.expires_at)},
          {"revoked_at", or_null(token.revoked_at)}};
}

std::string cursor_of(const identity::TokenRecord& token) {
  return std::to_string(token.created_at.time_since_epoch().count()) + "." + token.prefix;
}

std::optional<identity::TokenPage::Place> parse_cursor(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto number = text.substr(0, dot), prefix = text.substr(dot + 1);
  std::int64_t milliseconds = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), milliseconds);
  if (failure != std::errc{} || end != number.data() + number.size() || prefix.empty() ||
      prefix.size() > max_prefix_bytes || milliseconds < 0 ||
      milliseconds > 253'402'300'799'999)  // the end of the year 9999
    return std::nullopt;
  for (const char c : prefix)
    if (!ascii_alphanumeric(c) && c != '_' && c != '-') return std::nullopt;
  return identity::TokenPage::Place{UnixTime{std::chrono::milliseconds{milliseconds}}, std::string(prefix)};
}

identity::TokenPage page_of(const Request& request) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query, {"limit", "cursor"}, errors);
  identity::TokenPage page;
  if (const auto limit = reader.one("limit", "must be 1 to 200", parse_limit)) page.limit = *limit;
  page.before = reader.one("cursor", "must be next_cursor of an earlier page", parse_cursor);
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  return page;
}

Response list(const Request& request, const Parts& parts) {
  const auto page = page_of(request);
  const auto tokens = parts.tokens.list(owner(request), page);
  json::array rows;
  for (const auto& token : tokens) rows.push_back(view_of(token));
  const bool full = tokens.size() == static_cast<std::size_t>(page.limit);
  return json_answer({{"tokens", std::move(rows)},
                      {"next_cursor", full ? json::value(cursor_of(tokens.back())) : json::value(nullptr)}});
}

struct Wanted {
  Role role{};
  std::string label;
  std::optional<std::chrono::days> lifetime;  // nullopt: for ever
};

Wanted read_wanted(const Request& request) {
  const auto document = document_of(request, no_token);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(document, "", faults);
  fields.refuse_unknown({"role", "label", "expires_in_days"});
  Wanted wanted;
  const auto role = parse_role(fields.required_text("role", 32));
  if (faults.empty() && !role)
    fields.error("role", "must be producer, auditor, operator, tenant_admin or system_admin");
  wanted.role = role.value_or(Role::auditor);
  wanted.label = fields.text("label", max_label_bytes).value_or("");
  if (const auto days = fields.integer("expires_in_days", 1, max_lifetime_days))
    wanted.lifetime = std::chrono::days{*days};
  refuse_faults(faults, no_token);
  return wanted;
}

// A token does not outlive what its issuer came with: who loses his rights by time must not keep them by a token.
std::optional<UnixTime> end_of(const Wanted& wanted, const identity::Caller& issuer, UnixTime now) {
  if (!wanted.lifetime) return issuer.expires_at;
  const UnixTime end = now + *wanted.lifetime;
  return issuer.expires_at ? std::min(end, *issuer.expires_at) : end;
}

Response issue(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto wanted = read_wanted(request);
  const TenantId tenant = owner(request);
  if ((wanted.role == Role::system_admin) != tenant.empty())
    throw ProblemError(
        forbidden(no_token, {{"role", tenant.empty() ? "must be system_admin for the tenant _system"
                                                     : "may not be system_admin for a token of a tenant"}}));
  const UnixTime now = parts.clock.unix_now();
  const auto expires = end_of(wanted, request.caller, now);
  const auto issued = identity::issue_token(wanted.role, tenant, wanted.label, now, expires, parts.random);
  parts.tokens.insert(issued.record,
                      audit_entry(request, now, audit::Action::token_issued, "token:" + issued.record.prefix,
                                  {{"role", json_view(to_string(wanted.role))},
                                   {"label", redact(wanted.label, max_label_bytes)},
                                   {"expires_at", or_null(expires)}}));
  auto body = view_of(issued.record);
  body["token"] = issued.text;
  return json_answer(body, 201);
}

// However the revocation ends: it may have been made although its answer was lost.
struct Forgetting {
  identity::Authenticator& authenticator;
  ~Forgetting() { authenticator.forget_tokens(); }
};

Response revoke(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto& prefix = request.parameters.at(0);
  if (prefix.size() > max_prefix_bytes) throw ProblemError(not_found());
  for (const char c : prefix)
    if (!ascii_alphanumeric(c) && c != '_' && c != '-') throw ProblemError(not_found());
  const UnixTime now = parts.clock.unix_now();
  const Forgetting forgetting{parts.authenticator};
  const auto result = parts.tokens.revoke(owner(request), prefix, now,
                                          audit_entry(request, now, audit::Action::token_revoked, "token:" + prefix));
  if (result == identity::RevokeResult::unknown) throw ProblemError(not_found());
  return {204, "application/json", "", {}};
}

}  // namespace

void add_token_routes(RouteTable& routes, identity::TokenStore& tokens, identity::Authenticator& authenticator,
                      const Clock& clock, Random& random) {
  const Parts parts{tokens, authenticator, clock, random};
  routes.add({"GET", "/api/v1/tokens", Action::manage_tokens,
              [parts](const Request& request) { return list(request, parts); }});
  routes.add({"POST", "/api/v1/tokens", Action::manage_tokens,
              [parts](const Request& request) { return issue(request, parts); }});
  routes.add({"DELETE", "/api/v1/tokens/{prefix}", Action::manage_tokens,
              [parts](const Request& request) { return revoke(request, parts); }});
}

}  // namespace opi::api
