#include "delivery/client_certificates.hpp"

#include "foundation/mutex.hpp"

namespace opi::delivery {

ClientCertificates::Read ClientCertificates::read(const DestinationId& destination,
                                                  const std::shared_ptr<const secrets::Secret>& pem) {
  {
    const Lock lock(mutex_);
    if (const auto found = known_.find(destination); found != known_.end() && found->second.pem == pem)
      return found->second.read;
  }
  auto read = crypto::ClientCertificate::from_pem(pem->reveal());  // takes a millisecond: not under the lock
  const Lock lock(mutex_);
  if (known_.size() >= options_.destinations) known_.clear();
  known_[destination] = {pem, read};
  return read;
}

void ClientCertificates::keep_only(const Catalog& catalog) {
  const Lock lock(mutex_);
  std::erase_if(known_, [&](const auto& one) {
    const auto found = catalog.destinations.find(one.first);
    return found == catalog.destinations.end() || !found->second->has_credential(client_certificate_purpose);
  });
}

}  // namespace opi::delivery
