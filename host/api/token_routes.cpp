#include "api/token_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "api/audit_entry.hpp"
#include "api/problem.hpp"
#include "api/timestamp.hpp"
#include "delivery/json_fields.hpp"
#include "domain/redaction.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr int max_page = 200;
constexpr std::size_t max_label_bytes = 200;
constexpr std::size_t max_prefix_bytes = 32;
constexpr int max_lifetime_days = 3650;

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

json::value or_null(const std::optional<UnixTime>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

json::object view_of(const identity::TokenRecord& token) {
  const auto role = to_string(token.role);
  return {{"prefix", token.prefix},
          {"role", json::string_view(role.data(), role.size())},
          {"label", token.label},
          {"created_at", to_rfc3339(token.created_at)},
          {"expires_at", or_null(token.expires_at)},
          {"revoked_at", or_null(token.revoked_at)}};
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

std::string cursor_of(const identity::TokenRecord& token) {
  return std::to_string(token.created_at.time_since_epoch().count()) + "." + token.prefix;
}

std::optional<identity::TokenPage::Place> parse_cursor(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto milliseconds = whole_number<std::int64_t>(text.substr(0, dot));
  const auto prefix = text.substr(dot + 1);
  if (!milliseconds || prefix.empty() || prefix.size() > max_prefix_bytes || *milliseconds < 0 ||
      *milliseconds > 253'402'300'799'999)  // the end of the year 9999
    return std::nullopt;
  for (const char c : prefix)
    if (!ascii_alphanumeric(c) && c != '_' && c != '-') return std::nullopt;
  return identity::TokenPage::Place{UnixTime{std::chrono::milliseconds{*milliseconds}}, std::string(prefix)};
}

identity::TokenPage page_of(const Request& request) {
  identity::TokenPage page;
  std::vector<ProblemField> errors;
  for (const auto& [name, value] : request.query) {
    if (name == "limit") {
      const auto limit = whole_number<int>(value);
      if (!limit || *limit < 1 || *limit > max_page)
        errors.push_back({name, "must be 1 to 200"});
      else
        page.limit = *limit;
    } else if (name == "cursor") {
      page.before = parse_cursor(value);
      if (!page.before) errors.push_back({name, "must be next_cursor of an earlier page"});
    } else {
      errors.push_back({redact(name, 64), "is not a parameter of this resource"});
    }
  }
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
  return page;
}

Response list(const Request& request, const Parts& parts) {
  const auto page = page_of(request);
  const auto tokens = parts.tokens.list(owner(request), page);
  json::array rows;
  for (const auto& token : tokens) rows.push_back(view_of(token));
  const bool full = tokens.size() == static_cast<std::size_t>(page.limit);
  const json::object body{{"tokens", std::move(rows)},
                          {"next_cursor", full ? json::value(cursor_of(tokens.back())) : json::value(nullptr)}};
  return {200, "application/json", json::serialize(body), {}};
}

struct Wanted {
  Role role{};
  std::string label;
  std::optional<std::chrono::days> lifetime;  // nullopt: for ever
};

Wanted read_wanted(const Request& request) {
  if (request.content_type != "application/json")
    throw ProblemError(
        {415, "unsupported-media-type", "Unsupported media type", "Content-Type must be application/json", {}, {}, {}});
  json::error_code failure;
  const auto value = json::parse(request.body, failure);
  if (failure || !value.is_object()) throw ProblemError(bad_request("The body is not a JSON object"));
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(value.get_object(), "", faults);
  fields.refuse_unknown({"role", "label", "expires_in_days"});
  Wanted wanted;
  const auto role = parse_role(fields.required_text("role", 32));
  if (faults.empty() && !role)
    fields.error("role", "must be producer, auditor, operator, tenant_admin or system_admin");
  wanted.role = role.value_or(Role::auditor);
  wanted.label = fields.text("label", max_label_bytes).value_or("");
  if (const auto days = fields.integer("expires_in_days", 1, max_lifetime_days))
    wanted.lifetime = std::chrono::days{*days};
  if (faults.empty()) return wanted;
  std::vector<ProblemField> named;
  for (auto& fault : faults) named.push_back({std::move(fault.field), std::move(fault.message)});
  throw ProblemError(invalid_content("No token was issued", std::move(named)));
}

Response issue(const Request& request, const Parts& parts) {
  const auto wanted = read_wanted(request);
  const TenantId tenant = owner(request);
  if ((wanted.role == Role::system_admin) != tenant.empty())
    throw ProblemError(forbidden("No token was issued",
                                 {{"role", tenant.empty() ? "must be system_admin for the tenant _system"
                                                          : "may not be system_admin for a token of a tenant"}}));
  const UnixTime now = parts.clock.unix_now();
  const auto expires = wanted.lifetime ? std::optional<UnixTime>{now + *wanted.lifetime} : std::nullopt;
  const auto issued = identity::issue_token(wanted.role, tenant, wanted.label, now, expires, parts.random);
  const auto role = to_string(wanted.role);
  parts.tokens.insert(issued.record,
                      audit_entry(request, now, audit::Action::token_issued, "token:" + issued.record.prefix,
                                  {{"role", json::string_view(role.data(), role.size())},
                                   {"label", redact(wanted.label, max_label_bytes)},
                                   {"expires_at", or_null(expires)}}));
  auto body = view_of(issued.record);
  body["token"] = issued.text;
  return {201, "application/json", json::serialize(body), {}};
}

// However the revocation ends: it may have been made although its answer was lost.
struct Forgetting {
  identity::Authenticator& authenticator;
  ~Forgetting() { authenticator.forget_tokens(); }
};

Response revoke(const Request& request, const Parts& parts) {
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
