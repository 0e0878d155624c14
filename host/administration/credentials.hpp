#pragma once
#include <chrono>
#include <string_view>

#include "administration/adapter_directory.hpp"
#include "administration/catalog_editor.hpp"
#include "administration/credential_check.hpp"

namespace opi::administration {

struct RotationLimits {
  static constexpr std::chrono::milliseconds default_overlap{std::chrono::hours{24}};
  static constexpr std::chrono::milliseconds max_overlap{std::chrono::days{30}};
  static constexpr std::size_t live_versions = 5;  // of one purpose
};

// References to a destination's secrets, by purpose. They are checked by the provider of their scheme and never come
// back out. Whoever may put credentials names a secret's first receiver (domain/receiver.hpp); that it may go to
// another one too, in whichever version, only a system_admin can say, by putting it there. Thread-safe. Throws
// StoreUnavailable: nothing was changed.
class Credentials {
 public:
  Credentials(CatalogEditor& editor, const AdapterDirectory& adapters, const CredentialCheck& check, const Clock& clock)
      : editor_(editor), adapters_(adapters), check_(check), clock_(clock) {}

  // Members: reference. It becomes the purpose's only version, bound to what the destination is now; the same one again
  // changes nothing else.
  DestinationChange put(const TenantId& tenant, const DestinationId& id, std::string_view purpose,
                        CatalogEditor::Seen seen, std::string_view json, const Actor& actor);

  // Members: reference, overlap_ms. The new version is current at once; those before it stay beside it until the
  // overlap ends, or until they would have ended anyway. `missing` if the purpose has no version yet.
  DestinationChange rotate(const TenantId& tenant, const DestinationId& id, std::string_view purpose,
                           CatalogEditor::Seen seen, std::string_view json, const Actor& actor);

  // One version, or all of them. `missing` if there is none.
  DestinationChange revoke(const TenantId& tenant, const DestinationId& id, std::string_view purpose,
                           std::optional<int> version, CatalogEditor::Seen seen, const Actor& actor);

 private:
  void check(const Destination& destination, std::string_view purpose, const std::string& reference, const Actor& actor,
             const Catalog& catalog, std::vector<delivery::FieldError>& errors) const;
  bool is_of_another_receiver(const Destination& destination, std::string_view purpose, const std::string& reference,
                              const Catalog& catalog) const;

  CatalogEditor& editor_;
  const AdapterDirectory& adapters_;
  const CredentialCheck& check_;
  const Clock& clock_;
};

}  // namespace opi::administration
