#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

#include "crypto/client_certificate.hpp"
#include "domain/catalog.hpp"
#include "foundation/mutex.hpp"
#include "secrets/secret.hpp"

namespace opi::delivery {

// The client certificates that secrets hold, each read once. Thread-safe.
class ClientCertificates {
 public:
  struct Options {
    std::size_t destinations = 10'000;  // remembered; beyond, all are read anew
  };
  // What of the secret cannot be used, if it is none.
  using Read = std::variant<std::shared_ptr<const crypto::ClientCertificate>, std::string>;

  ClientCertificates() : ClientCertificates(Options{}) {}
  explicit ClientCertificates(const Options& options) : options_(options) {}

  // Lets go of those of destinations that are not there any more, or have none any more.
  void keep_only(const Catalog& catalog);

  Read read(const DestinationId& destination, const std::shared_ptr<const secrets::Secret>& pem);

 private:
  struct Known {
    std::shared_ptr<const secrets::Secret> pem;  // held, so that its address stays its own
    Read read;
  };
  const Options options_;
  Mutex mutex_;
  std::unordered_map<DestinationId, Known> known_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::delivery
