#include "api/credential_routes.hpp"

#include <boost/json/array.hpp>
#include <charconv>

#include "administration/views.hpp"
#include "api/administration_answers.hpp"
#include "api/destination_answer.hpp"

namespace opi::api {
namespace {

struct Parts {
  administration::Credentials& credentials;
  administration::CredentialCheck& check;
  administration::CatalogEditor& editor;
};

Response answer(const std::shared_ptr<const Destination>& destination, const Parts& parts) {
  return versioned_answer(
      {{"credentials", administration::view_of(destination->credentials, parts.check.postures({destination}).front())}},
      destination->revision);
}

Response list(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  return answer(find_destination(request, parts.editor).destination, parts);
}

Response put(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  return answer(
      done(parts.credentials.put(request.tenant, destination_id_of(request), request.parameters.at(1),
                                 seen_revision(request), request.body, administration::actor_of(request.identity))),
      parts);
}

Response rotate(const Request& request, const Parts& parts) {
  refuse_parameters(request);
  require_json(request);
  return answer(
      done(parts.credentials.rotate(request.tenant, destination_id_of(request), request.parameters.at(1),
                                    seen_revision(request), request.body, administration::actor_of(request.identity))),
      parts);
}

Response revoke(const Request& request, const Parts& parts, std::optional<int> version) {
  refuse_parameters(request);
  return answer(
      done(parts.credentials.revoke(request.tenant, destination_id_of(request), request.parameters.at(1), version,
                                    seen_revision(request), administration::actor_of(request.identity))),
      parts);
}

Response revoke_all(const Request& request, const Parts& parts) { return revoke(request, parts, std::nullopt); }

Response revoke_version(const Request& request, const Parts& parts) {
  const std::string& text = request.parameters.at(2);
  int version = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (failure != std::errc{} || end != text.data() + text.size()) throw ProblemError(not_found());
  return revoke(request, parts, version);
}

}  // namespace

void add_credential_routes(RouteTable& routes, administration::Credentials& credentials,
                           administration::CredentialCheck& check, administration::CatalogEditor& editor) {
  const Parts parts{credentials, check, editor};
  const auto add = [&](const char* method, const std::string& below, Action action,
                       Response (*handler)(const Request&, const Parts&)) {
    routes.add({method, "/api/v1/destinations/{id}/credentials" + below, action,
                [parts, handler](const Request& request) { return handler(request, parts); }});
  };
  add("GET", "", Action::read_destinations, list);
  add("PUT", "/{purpose}", Action::manage_credentials, put);
  add("POST", "/{purpose}:rotate", Action::manage_credentials, rotate);
  add("DELETE", "/{purpose}", Action::manage_credentials, revoke_all);
  add("DELETE", "/{purpose}/versions/{n}", Action::manage_credentials, revoke_version);
}

}  // namespace opi::api
