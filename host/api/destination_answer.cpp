#include "api/destination_answer.hpp"

#include "administration/views.hpp"
#include "api/administration_answers.hpp"

namespace opi::api {
DestinationId destination_id_of(const Request& request) {
  const auto id = DestinationId::parse(request.parameters.at(0));
  if (!id) throw ProblemError(not_found());
  return *id;
}

FoundDestination find_destination(const Request& request, administration::CatalogEditor& editor) {
  FoundDestination found{editor.catalog(), nullptr};
  found.destination = administration::find(*found.catalog, request.tenant, destination_id_of(request));
  if (!found.destination) throw ProblemError(not_found());
  return found;
}

Response destination_answer(const std::shared_ptr<const Destination>& destination, const Catalog& catalog,
                            administration::CredentialCheck& credentials, const DestinationRuntime& runtime,
                            int status) {
  auto view = administration::view_of(*destination, catalog.policy_of(*destination),
                                      credentials.postures({destination}).front());
  auto standing = std::move(runtime.of({destination}).front());
  view["held"] = view_of(standing.held);
  view["runtime"] = std::move(standing.runtime);
  return versioned_answer(view, destination->revision, status);
}

}  // namespace opi::api
