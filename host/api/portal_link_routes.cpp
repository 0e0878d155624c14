#include "api/portal_link_routes.hpp"

#include <boost/json/object.hpp>

#include "api/administration_answers.hpp"
#include "api/audit_entry.hpp"
#include "delivery/json_fields.hpp"
#include "domain/redaction.hpp"
#include "domain/timestamp.hpp"
#include "identity/portal_link.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_subject_bytes = 100;
constexpr int max_valid_minutes = 60, max_session_minutes = 480;
constexpr const char* no_link = "No link was made";

struct Parts {
  identity::SessionStore& sessions;
  const Clock& clock;
  Random& random;
};

identity::PortalLinkTerms read_terms(const Request& request) {
  const auto document = document_of(request, no_link);
  std::vector<delivery::FieldError> faults;
  delivery::JsonFields fields(document, "", faults);
  fields.refuse_unknown({"role", "subject", "valid_minutes", "session_minutes"});
  identity::PortalLinkTerms terms;
  terms.tenant = request.tenant;
  const auto role = parse_role(fields.required_text("role", 32));
  if (faults.empty() && (!role || !identity::portal_role(*role)))
    fields.error("role", "must be auditor, operator or tenant_admin");
  terms.role = role.value_or(Role::auditor);
  terms.subject = fields.required_text("subject", max_subject_bytes);
  if (const auto minutes = fields.integer("valid_minutes", 1, max_valid_minutes))
    terms.valid_for = std::chrono::minutes{*minutes};
  if (const auto minutes = fields.integer("session_minutes", 1, max_session_minutes))
    terms.session_lifetime = std::chrono::minutes{*minutes};
  refuse_faults(faults, no_link);
  if (request.tenant == audit::system_tenant())
    throw ProblemError(forbidden(no_link, {{"X-Tenant-Id", "must name a customer's tenant"}}));
  return terms;
}

// The token stands in the fragment, which browsers send to nobody.
std::string path_of(const TenantId& tenant, const std::string& token) {
  return "/console/integrations?tenant=" + tenant.str() + "#token=" + token;
}

Response issue(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  const auto terms = read_terms(request);
  const UnixTime now = parts.clock.unix_now();
  const auto issued = identity::issue_portal_link(terms, request.caller, now, parts.random);
  const auto& link = issued.record;
  const std::string subject = redact(link.subject, max_subject_bytes);
  parts.sessions.insert_link(
      link, audit_entry(request, now, audit::Action::portal_link_issued, "portal_link:" + subject,
                        {{"role", json_view(to_string(link.role))}, {"expires_at", to_rfc3339(link.expires_at)}}));
  return json_answer({{"path", path_of(link.tenant, issued.token)},
                      {"role", json_view(to_string(link.role))},
                      {"subject", link.subject},
                      {"expires_at", to_rfc3339(link.expires_at)}},
                     201);
}

}  // namespace

void add_portal_link_routes(RouteTable& routes, identity::SessionStore& sessions, const Clock& clock, Random& random) {
  const Parts parts{sessions, clock, random};
  routes.add({"POST", "/api/v1/portal-links", Action::manage_tokens,
              [parts](const Request& request) { return issue(request, parts); }});
}

}  // namespace opi::api
