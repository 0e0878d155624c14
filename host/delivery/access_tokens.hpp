#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "delivery/token_request.hpp"
#include "delivery/transport.hpp"
#include "domain/catalog.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "secrets/secret_set.hpp"

namespace opi::delivery {

// Access tokens of destinations (RFC 6749 section 4.4), fetched through the transport of the deliveries, so that every
// guard of it holds for the token endpoint too. One fetch at a time per destination; the others wait for it. A token is
// of one revision of its destination and one version of its secret. Kept in wiped memory alone. Thread-safe.
class AccessTokens {
 public:
  struct Options {
    std::chrono::milliseconds default_lifetime{std::chrono::minutes{5}};  // when the endpoint names none
    std::chrono::milliseconds min_lifetime{std::chrono::seconds{1}}, max_lifetime{std::chrono::hours{24}};
    std::chrono::milliseconds margin{std::chrono::seconds{30}};  // not used so shortly before its end …
    double margin_share = 0.1;                                   // … or this share of a short lifetime
    double refresh_at = 0.8;                                     // share after which it is renewed early
    std::chrono::milliseconds request_timeout{10'000};           // at most; see Wanted::patience
    std::chrono::milliseconds failure_ttl{1'000};                // how long a failure is remembered
  };

  struct Wanted {
    std::shared_ptr<const Destination> destination;  // with a ClientCredentialsAuthorization
    std::shared_ptr<const secrets::SecretSet> secrets;
    secrets::SecretVersion client_secret;
    std::shared_ptr<const crypto::ClientCertificate> client_certificate;
    std::chrono::milliseconds patience{0};  // of who asks

    // Of all that the token depends on beside the destination: it may be bound to the certificate (RFC 8705).
    [[nodiscard]] std::string version() const {
      return client_certificate ? client_secret.version + '\n' + client_certificate->fingerprint()
                                : client_secret.version;
    }
    [[nodiscard]] bool same_as(const Wanted& other) const {
      return destination->revision == other.destination->revision && version() == other.version();
    }
  };
  struct Cancelled {};  // the transport is stopping
  using Answer = std::variant<std::shared_ptr<const secrets::Secret>, Outcome, Cancelled>;
  using Ready = std::function<void(const Answer&)>;

  AccessTokens(Transport& transport, const Clock& clock) : AccessTokens(transport, clock, Options{}) {}
  AccessTokens(Transport& transport, const Clock& clock, const Options& options)
      : transport_(transport), clock_(clock), options_(options) {}

  // Calls `ready` with the token: at once if it is there, else from the transport's thread.
  void get(Wanted wanted, Ready ready);

  // Lets go of the tokens of destinations that are not there any more, or are no longer what they were got for.
  void keep_only(const Catalog& catalog);

  // The receiver refused this very token: the next get() fetches another.
  void invalidate(const DestinationId& destination, const secrets::Secret& token);

 private:
  struct Entry {
    std::int64_t revision = -1;
    std::string version;
    std::shared_ptr<const secrets::Secret> token;
    MonoTime renew_at{}, valid_until{};
    std::optional<Outcome> failure;
    MonoTime failed_until{};
    bool fetching = false;
    std::vector<std::pair<Wanted, Ready>> waiting;

    [[nodiscard]] bool is_of(const Wanted& wanted) const {
      return revision == wanted.destination->revision && version == wanted.version();
    }
  };

  std::optional<Answer> known(const Entry& entry, const Wanted& wanted, MonoTime now) const;
  void fetch(Wanted wanted);
  void fetched(const Wanted& wanted, MonoTime asked_at, HttpResponse&& response);
  void keep(Entry& entry, const AccessToken& token, MonoTime asked_at) const;

  Transport& transport_;
  const Clock& clock_;
  const Options options_;
  Mutex mutex_;  // never held during a call out
  std::unordered_map<DestinationId, Entry> entries_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::delivery
