#pragma once
#include <memory>
#include <string>
#include <vector>

#include "secrets/secret.hpp"

namespace opi::secrets {

// One live version of a secret.
struct SecretVersion {
  std::shared_ptr<const Secret> value;
  std::string version;  // the provider's
};

// What a destination's credentials resolved to: per purpose its live versions, current first.
struct PurposeSecrets {
  std::string purpose;
  std::vector<SecretVersion> versions;  // empty: none could be resolved
  std::string failure;                  // then why, for people
};

struct SecretSet {
  std::vector<PurposeSecrets> purposes;

  [[nodiscard]] const PurposeSecrets* find(std::string_view purpose) const {
    for (const auto& p : purposes)
      if (p.purpose == purpose) return &p;
    return nullptr;
  }
};

}  // namespace opi::secrets
