#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "delivery/access_tokens.hpp"
#include "delivery/client_certificates.hpp"
#include "delivery/transport.hpp"
#include "domain/destination.hpp"
#include "domain/outcome.hpp"
#include "secrets/secret_set.hpp"

namespace opi::delivery {

// What became of a request that was to be authorised.
struct Authorized {
  enum class Status {
    ready,
    failed,     // it must not be sent
    cancelled,  // the transport is stopping: no attempt was made
  };
  Status status = Status::failed;
  HttpRequest request;                                // if ready
  Outcome failure;                                    // if failed
  std::vector<std::string> used_purposes;             // whose secrets the host has put in, or has shown in vain
  std::string unusable_purpose;                       // if failed: whose secret is missing or no such thing
  std::shared_ptr<const secrets::SecretSet> secrets;  // all that must be scrubbed from answers, a token included
};

// Puts the destination's authorisation into a request that its adapter has rendered, and has its client certificate
// shown. Adapters know of neither. Thread-safe.
class Authorizer {
 public:
  using Ready = std::function<void(Authorized&&)>;

  Authorizer(Transport& transport, const Clock& clock) : tokens_(transport, clock) {}

  // Calls `ready` at once, or from the transport's thread if a token has to be fetched first; that takes at most half
  // of `patience`.
  void authorize(const std::shared_ptr<const Destination>& destination,
                 const std::shared_ptr<const secrets::SecretSet>& secrets, HttpRequest request,
                 std::chrono::milliseconds patience, Ready ready);

  // Lets go of the tokens and certificates of what is not in the catalog any more.
  void keep_only(const Catalog& catalog) {
    tokens_.keep_only(catalog);
    certificates_.keep_only(catalog);
  }

  // The receiver refused a request with these secrets: a token among them is used no more. Whether there is one.
  bool refused(const Destination& destination, const secrets::SecretSet& secrets);

 private:
  AccessTokens tokens_;
  ClientCertificates certificates_;
};

}  // namespace opi::delivery
