#pragma once
#include "administration/catalog_editor.hpp"
#include "administration/credential_check.hpp"
#include "api/destination_runtime.hpp"
#include "api/http_message.hpp"

namespace opi::api {

// The id in the path's first parameter; throws ProblemError 404 if it is none.
DestinationId destination_id_of(const Request& request);

struct FoundDestination {
  std::shared_ptr<const Catalog> catalog;
  std::shared_ptr<const Destination> destination;
};

// The destination that the path names, if it is the tenant's; throws ProblemError 404.
FoundDestination find_destination(const Request& request, administration::CatalogEditor& editor);

// One destination with its ETag.
Response destination_answer(const std::shared_ptr<const Destination>& destination, const Catalog& catalog,
                            administration::CredentialCheck& credentials, const DestinationRuntime& runtime,
                            int status = 200);

}  // namespace opi::api
