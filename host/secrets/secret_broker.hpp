#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/catalog.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "secrets/secret_provider.hpp"
#include "secrets/secret_providers.hpp"
#include "secrets/secret_set.hpp"
#include "telemetry/logger.hpp"

namespace opi::secrets {

// Resolves a destination's credentials at delivery time and caches what it got. Thread-safe.
//
// One fetch at a time per resource, with all of its keys from one version. A value past its lifetime is still
// served while its backend is unavailable; it goes only when the backend itself says that it is gone or denied.
class SecretBroker {
 public:
  struct Options {
    std::chrono::milliseconds default_ttl{std::chrono::minutes{5}};  // when the provider names none
    std::chrono::milliseconds min_ttl{std::chrono::seconds{10}}, max_ttl{std::chrono::hours{1}};
    double ttl_jitter = 0.1;                        // ± share, so that a fleet does not fetch in step
    double refresh_at = 0.8;                        // share of the lifetime after which it is renewed early
    std::chrono::milliseconds negative_ttl{5'000};  // how long a failure is remembered
    std::chrono::milliseconds resolve_timeout{5'000};
  };
  using Executor = std::function<void(std::function<void()>)>;  // runs a blocking job elsewhere
  using Ready = std::function<void(std::shared_ptr<const SecretSet>)>;

  SecretBroker(const SecretProviders& providers, Executor executor, const Clock& clock, Random& random,
               telemetry::Logger& logger, const Options& options);
  ~SecretBroker();

  // Calls `ready` with the destination's secrets: at once if they are cached, otherwise later from the
  // executor. A purpose that cannot be resolved is there without versions and with its failure.
  void resolve(const std::shared_ptr<const Destination>& destination, Ready ready);

  // Whether two references name one secret, however they are spelled and of whichever version.
  [[nodiscard]] bool is_same_secret(std::string_view one, std::string_view other, const TenantId& tenant) const;

  // Why this tenant cannot use the reference, without repeating it; nullopt if it can. Looks for no value.
  [[nodiscard]] std::optional<std::string> reference_fault(std::string_view reference, const TenantId& tenant) const;

  // Lets go of every value that no credential of these destinations refers to any more. Does not block.
  void keep_only(const Catalog& catalog);

  // The receiver refused the credentials: the next resolve() fetches anew. Does not block.
  void invalidate(const Destination& destination);

 private:
  [[nodiscard]] std::shared_ptr<SecretProvider> provider_of(std::string_view reference) const;

  struct Resource;
  struct Wanted;
  struct CachedSet {
    std::int64_t revision = -1;
    std::shared_ptr<const SecretSet> set;
    MonoTime renew_at{}, valid_until{};
    bool renewing = false;
    bool refused = false;  // invalidated while it was being renewed
    bool gone = false;     // so is its destination, since before the end of its renewal
    std::vector<std::pair<std::shared_ptr<const Destination>, Ready>> waiting;
  };

  using UsedKeys = std::map<std::string, std::set<std::string>>;  // by resource

  void drop_unused() OPI_REQUIRES(mutex_);
  void renew(const std::shared_ptr<const Destination>& destination);
  std::pair<std::shared_ptr<const SecretSet>, MonoTime> assemble(const Destination& destination);
  Wanted locate(const Destination& destination, const Credential& credential) OPI_REQUIRES(mutex_);
  static std::string name_of(const SecretReference& reference, const TenantId& tenant);
  MonoTime look_up(Resource& resource, Wanted& wanted);
  // With the resource's mutex held, which cannot be named here.
  void fetch(Resource& resource, const Wanted& wanted, MonoTime now) OPI_NO_THREAD_SAFETY_ANALYSIS;
  std::chrono::milliseconds lifetime(std::optional<std::chrono::milliseconds> ttl);

  const SecretProviders& providers_;
  const Executor executor_;
  const Clock& clock_;
  Random& random_;
  telemetry::Logger& logger_;
  const Options options_;

  Mutex mutex_;  // guards the maps, never held during a fetch
  std::unordered_map<DestinationId, CachedSet> sets_ OPI_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Resource>> resources_ OPI_GUARDED_BY(mutex_);
  // Of the catalog that keep_only() saw last: a renewal that began before keeps nothing that it has no more.
  UsedKeys used_ OPI_GUARDED_BY(mutex_);
  std::unordered_map<DestinationId, std::int64_t> revisions_ OPI_GUARDED_BY(mutex_);
};

}  // namespace opi::secrets
