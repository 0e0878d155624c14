#include "api/tenant_routes.hpp"

#include <boost/json/array.hpp>
#include <map>

#include "administration/views.hpp"
#include "api/administration_answers.hpp"

namespace opi::api {
namespace {

namespace json = boost::json;

Response list(const Request& request, administration::CatalogEditor& editor) {
  std::size_t limit = default_page;
  std::optional<TenantId> after;
  read_parameters(request, {"cursor", "limit"}, [&](ParameterReader& reader) {
    limit = static_cast<std::size_t>(reader.one("limit", "must be 1 to 200", parse_limit).value_or(default_page));
    after = reader.one("cursor", "must be next_cursor of an earlier page", TenantId::parse);
  });
  const auto catalog = editor.catalog();
  std::map<std::string, const Tenant*> sorted;
  for (const auto& [id, tenant] : catalog->tenants) sorted.emplace(id.str(), &tenant);
  auto at = after ? sorted.upper_bound(after->str()) : sorted.begin();
  json::array rows;
  std::string last;
  for (; at != sorted.end() && rows.size() < limit; ++at) {
    rows.push_back(administration::view_of(*at->second));
    last = at->first;
  }
  return json_answer(
      {{"tenants", std::move(rows)}, {"next_cursor", at == sorted.end() ? json::value(nullptr) : json::value(last)}});
}

TenantId id_of(const Request& request) {
  const auto id = TenantId::parse(request.parameters.at(0));
  if (!id) throw ProblemError(not_found());
  return *id;
}

Response answer(const Tenant& tenant, int status = 200) {
  return versioned_answer(administration::view_of(tenant), tenant.revision, status);
}

Response show(const Request& request, administration::CatalogEditor& editor) {
  refuse_parameters(request);
  const auto catalog = editor.catalog();
  const auto found = catalog->tenants.find(id_of(request));
  if (found == catalog->tenants.end()) throw ProblemError(not_found());
  return answer(found->second);
}

Response create(const Request& request, administration::Tenants& tenants) {
  refuse_parameters(request);
  require_json(request);
  const auto tenant = done(tenants.create(request.body, administration::actor_of(request.identity)));
  auto response = answer(tenant, 201);
  response.headers.emplace_back("Location", "/api/v1/tenants/" + tenant.id.str());
  return response;
}

Response rename(const Request& request, administration::Tenants& tenants) {
  refuse_parameters(request);
  require_json(request);
  return answer(done(tenants.rename(id_of(request), seen_revision(request), request.body,
                                    administration::actor_of(request.identity))));
}

}  // namespace

void add_tenant_routes(RouteTable& routes, administration::Tenants& tenants, administration::CatalogEditor& editor) {
  const auto add = [&](const char* method, const char* pattern, Handler handler) {
    routes.add({method, pattern, Action::manage_tenants, std::move(handler), true});
  };
  add("GET", "/api/v1/tenants", [&](const Request& request) { return list(request, editor); });
  add("POST", "/api/v1/tenants", [&](const Request& request) { return create(request, tenants); });
  add("GET", "/api/v1/tenants/{id}", [&](const Request& request) { return show(request, editor); });
  add("PUT", "/api/v1/tenants/{id}", [&](const Request& request) { return rename(request, tenants); });
}

}  // namespace opi::api
