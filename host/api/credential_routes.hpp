#pragma once
#include "administration/credentials.hpp"
#include "api/route_table.hpp"

namespace opi::api {

// Below /api/v1/destinations/{id}: GET credentials; PUT credentials/{purpose}; POST credentials/{purpose}:rotate;
// DELETE credentials/{purpose} and credentials/{purpose}/versions/{n}. All answer the list, never a reference.
void add_credential_routes(RouteTable& routes, administration::Credentials& credentials,
                           administration::CredentialCheck& check, administration::CatalogEditor& editor);

}  // namespace opi::api
