#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/destination.hpp"
#include "secrets/secret_set.hpp"

namespace opi::administration {

// What the host's secret providers say about credentials. Thread-safe.
class CredentialCheck {
 public:
  virtual ~CredentialCheck() = default;
  // Why this tenant cannot use the reference, without repeating it; nullopt if it can. Looks for no value.
  [[nodiscard]] virtual std::optional<std::string> reference_fault(std::string_view reference,
                                                                   const TenantId& tenant) const = 0;
  // Whether two references name one secret, however they are spelled and of whichever version.
  [[nodiscard]] virtual bool is_same_secret(std::string_view one, std::string_view other,
                                            const TenantId& tenant) const = 0;
  // One answer per destination, each with one posture per credential; what is not known within a moment is
  // `unavailable`.
  virtual std::vector<std::vector<secrets::CredentialPosture>> postures(
      const std::vector<std::shared_ptr<const Destination>>& destinations) = 0;
};

}  // namespace opi::administration
