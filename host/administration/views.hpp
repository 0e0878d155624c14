#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "administration/adapter_directory.hpp"
#include "domain/catalog.hpp"
#include "secrets/secret_set.hpp"

// What people see of the catalog, as JSON: never an endpoint's URL, never a reference. Pure.
namespace opi::administration {

// "ep_" and 16 hex digits that stay the same for the same URL of the same tenant, and say nothing else of it.
std::string endpoint_fingerprint(const TenantId& tenant, const std::string& endpoint);

boost::json::object view_of(const Tenant& tenant);

// `postures` are the destination's credentials' (credential_check.hpp).
boost::json::object view_of(const Destination& destination, const DeliveryPolicy& effective,
                            const std::vector<secrets::CredentialPosture>& postures);

// All versions, the current one of each purpose first.
boost::json::array view_of(const std::vector<Credential>& credentials,
                           const std::vector<secrets::CredentialPosture>& postures);

// The members that are set at this level, those that hold, and the waits before each attempt without their jitter.
boost::json::object view_of(const PolicyOverride& own, const DeliveryPolicy& effective);

boost::json::object view_of(const AdapterDescription& adapter);
boost::json::object view_of(const RefusedPlugin& plugin);

}  // namespace opi::administration
