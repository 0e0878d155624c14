#pragma once
#include <string_view>

#include "administration/adapter_directory.hpp"
#include "administration/catalog_editor.hpp"
#include "administration/endpoint_check.hpp"

namespace opi::administration {

// Changes of destinations as people ask for them, in JSON. Thread-safe. Throws StoreUnavailable: nothing was changed.
class Destinations {
 public:
  Destinations(CatalogEditor& editor, const AdapterDirectory& adapters, EndpointCheck& endpoints, const Clock& clock,
               Random& random)
      : editor_(editor), adapters_(adapters), endpoints_(endpoints), clock_(clock), random_(random) {}

  // Members: name, adapter, endpoint, event_types; filter, enabled, signing, order, authorization, config, policy,
  // max_in_flight, rate_limit_per_second. The id is the host's.
  DestinationChange create(const TenantId& tenant, std::string_view json, const Actor& actor);

  // The same members without `enabled`; what is left out takes its default, except endpoint, policy and
  // authorization, which stay, and so does the token_url of an authorization. Credentials stay too.
  DestinationChange replace(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                            std::string_view json, const Actor& actor);

  DestinationChange enable(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                           const Actor& actor);
  // Members: reason.
  DestinationChange disable(const TenantId& tenant, const DestinationId& id, CatalogEditor::Seen seen,
                            std::string_view json, const Actor& actor);

 private:
  void read(const boost::json::object& document, const DeliveryPolicy& tenants_policy, Destination& into,
            std::vector<delivery::FieldError>& errors);
  void check_token_url(const boost::json::object& document, const Destination& wanted,
                       std::vector<delivery::FieldError>& errors);
  void check_adapter(const Destination& wanted, const Destination* stored, std::vector<delivery::FieldError>& errors);

  CatalogEditor& editor_;
  const AdapterDirectory& adapters_;
  EndpointCheck& endpoints_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace opi::administration
