#pragma once
#include <chrono>

#include "administration/credential_check.hpp"
#include "secrets/secret_broker.hpp"

namespace opi::administration {

// Asks the broker that deliveries ask, and so sees what they would get, from the same cache.
class BrokerCredentialCheck final : public CredentialCheck {
 public:
  struct Options {
    std::chrono::milliseconds patience{2'000};  // for all destinations of one call together
  };

  BrokerCredentialCheck(secrets::SecretBroker& broker, const Options& options) : broker_(broker), options_(options) {}

  [[nodiscard]] std::optional<std::string> reference_fault(std::string_view reference,
                                                           const TenantId& tenant) const override {
    return broker_.reference_fault(reference, tenant);
  }
  [[nodiscard]] bool is_same_secret(std::string_view one, std::string_view other,
                                    const TenantId& tenant) const override {
    return broker_.is_same_secret(one, other, tenant);
  }
  std::vector<std::vector<secrets::CredentialPosture>> postures(
      const std::vector<std::shared_ptr<const Destination>>& destinations) override;

 private:
  secrets::SecretBroker& broker_;
  const Options options_;
};

}  // namespace opi::administration
