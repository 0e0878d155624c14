#include "delivery/catalog_write.hpp"

#include <algorithm>
#include <tuple>

#include "domain/receiver.hpp"

namespace opi::delivery {
namespace {

bool same_credential(const Credential& a, const Credential& b) {
  return std::tie(a.purpose, a.version, a.reference) == std::tie(b.purpose, b.version, b.reference);
}

}  // namespace

FieldError too_many_receivers() {
  return {"reference", "is one too many: this tenant's secrets have been put for " +
                           std::to_string(SecretReceiverLimits::per_tenant) +
                           " receivers; those that it has named already can be put again"};
}

Destination completed(Destination wanted, const Destination* stored, UnixTime now) {
  std::ranges::sort(wanted.credentials, [](const Credential& a, const Credential& b) {
    return std::tie(a.purpose, b.version) < std::tie(b.purpose, a.version);
  });
  for (auto& credential : wanted.credentials) {
    credential.created_at = now;
    if (stored == nullptr) continue;
    const auto known = std::ranges::find_if(
        stored->credentials, [&](const Credential& other) { return same_credential(credential, other); });
    if (known != stored->credentials.end()) credential.created_at = known->created_at;
  }
  bind_credentials(wanted);
  wanted.revision = stored == nullptr ? 0 : stored->revision;
  wanted.not_understood = stored == nullptr ? std::string{} : stored->not_understood;
  return wanted;
}

}  // namespace opi::delivery
