#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/catalog.hpp"
#include "secrets/cached_resource.hpp"
#include "secrets/secret_set.hpp"

namespace opi::secrets {

// One credential on its way to a value.
struct Wanted {
  Credential credential;
  std::weak_ptr<SecretProvider> provider;
  std::shared_ptr<CachedKey> key;  // null: its reference could not be read, for the reason in `failure`
  std::string failure;
  CredentialState state = CredentialState::unavailable;
};

// One destination's credentials on their way to a set. Not thread-safe.
struct Renewal {
  explicit Renewal(std::shared_ptr<const Destination> of);

  const std::shared_ptr<const Destination> destination;
  std::vector<Wanted> wanted;                       // by purpose, current first
  const std::shared_ptr<const SecretSet> fallback;  // what is answered if nothing can be, for want of memory
  int pending = 0;                                  // calls that it waits for
  int rounds = 0;
  bool over = false;  // it was answered
};

// How a credential stands whatever its value is: expired, or put for another receiver. Nullopt: it may be looked for.
std::optional<CredentialState> barred(const Destination& destination, const Credential& credential, UnixTime now);

struct Assembled {
  std::shared_ptr<const SecretSet> set;
  MonoTime renew_at{};     // from then on it is to be renewed, while it is served
  MonoTime serve_until{};  // from then on it is not
};
// What the cache knows now of what is wanted. `longest`: no set lives longer.
Assembled assemble(const Renewal& renewal, MonoTime now, UnixTime unix_now, std::chrono::milliseconds longest,
                   std::chrono::milliseconds negative_ttl);

}  // namespace opi::secrets
