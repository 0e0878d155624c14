#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/catalog.hpp"
#include "domain/clock.hpp"
#include "foundation/mutex.hpp"
#include "secrets/provider_lanes.hpp"
#include "secrets/renewal.hpp"
#include "secrets/secret_provider.hpp"
#include "secrets/secret_providers.hpp"
#include "secrets/secret_set.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace opi::secrets {

// Resolves a destination's credentials at delivery time and caches what it got. Thread-safe.
//
// One fetch at a time per resource, with all of its keys from one version. A value past its lifetime is still
// served while its backend is unavailable; it goes only when the backend itself says that it is gone or denied.
// No thread waits: a destination is answered when the last fetch that it needs has ended, or is overdue.
class SecretBroker {
 public:
  struct Options {
    std::chrono::milliseconds default_ttl{std::chrono::minutes{5}};  // when the provider names none
    std::chrono::milliseconds min_ttl{std::chrono::seconds{1}}, max_ttl{std::chrono::hours{1}};
    double ttl_jitter = 0.1;                         // ± share, so that a fleet does not fetch in step
    double refresh_at = 0.8;                         // share of the lifetime after which it is renewed early
    std::chrono::milliseconds negative_ttl{5'000};   // how long a failure is remembered
    std::chrono::milliseconds refusal_pause{1'000};  // between fetches of a resource that refusals ask for
    ProviderLanes::Options lanes;
  };
  using Executor = ProviderLanes::Executor;
  using Ready = std::function<void(std::shared_ptr<const SecretSet>)>;

  SecretBroker(const SecretProviders& providers, Executor executor, const Clock& clock, Random& random,
               telemetry::Metrics& metrics, telemetry::Logger& logger, const Options& options);
  ~SecretBroker();

  // Calls `ready` with the destination's secrets: at once if they are cached, otherwise later from the
  // executor. A purpose that cannot be resolved is there without versions and with its failure.
  void resolve(const std::shared_ptr<const Destination>& destination, Ready ready);

  // Ends what has waited too long for a provider, and lets go of values whose time is over; to be called every now and
  // then.
  void run_once();

  // Whether two references name one secret, however they are spelled and of whichever version.
  [[nodiscard]] bool is_same_secret(std::string_view one, std::string_view other, const TenantId& tenant) const;

  // Why this tenant cannot use the reference, without repeating it; nullopt if it can. Looks for no value.
  [[nodiscard]] std::optional<std::string> reference_fault(std::string_view reference, const TenantId& tenant) const;

  // Lets go of every value that no credential of these destinations refers to any more. Does not block.
  void keep_only(const Catalog& catalog);

  // The receiver refused the credentials: the next resolve() fetches anew, though a resource at most once a pause,
  // however many refusals there are. Whether it does so with all of them. Does not block.
  bool invalidate(const Destination& destination);

  // Which of what is cached an operator wants fetched anew.
  struct Scope {
    std::optional<DestinationId> destination;
    std::string reference;  // of whichever version, however it is spelled; empty: whatever it is
  };
  struct Refreshed {
    int destinations = 0;  // that refer to it and have been resolved by this daemon before
    int changed = 0;       // of them: have lost a value that they had, most often for another
    int added = 0;         // of them: have a value where they had none
    int unresolved = 0;    // of them: have a credential that does not resolve
    int unanswered = 0;    // of them: have one whose store did not answer, and are served what was in memory before
  };
  // Fetches anew what is cached within the scope, and calls `done` when all of it has been answered.
  void refresh(const Scope& scope, std::function<void(const Refreshed&)> done);

 private:
  using Waiting = std::vector<std::pair<std::shared_ptr<const Destination>, Ready>>;
  using Renewals = std::vector<std::shared_ptr<Renewal>>;
  // What is known of a destination.
  struct Entry {
    std::int64_t revision = -1;  // of `set`
    std::shared_ptr<const SecretSet> set;
    MonoTime renew_at{}, serve_until{};
    std::vector<Wanted> wanted;  // what it refers to, which keeps that in memory
    std::vector<prometheus::Counter*> hits;
    std::shared_ptr<const Destination> latest;  // that is known of it
    bool renewing = false;
    bool refused = false;  // invalidated while it was being renewed
    bool gone = false;     // so is its destination, since before the end of its renewal
    Waiting waiting;

    [[nodiscard]] bool is_outdated(const Destination& destination) const {
      return gone || (latest && destination.revision < latest->revision);
    }
    // Whether `set` has a value that is nobody's any more.
    [[nodiscard]] bool is_stale() const;
  };
  struct Reading;
  struct Fetch;
  enum class Answer { from_memory, of_a_renewal };

  [[nodiscard]] std::shared_ptr<SecretProvider> provider_of(std::string_view reference) const;
  void ask(const std::shared_ptr<const Destination>& destination, Ready&& ready, Answer answer);
  [[nodiscard]] std::map<TenantId, SecretReference> readings_of(const std::string& reference);
  void begin(const std::shared_ptr<Renewal>& renewal) noexcept;
  void read_references(const std::shared_ptr<Renewal>& renewal);
  void read(const std::shared_ptr<Reading>& reading);
  void place(Reading& reading, ProviderLanes::Ending ending) OPI_REQUIRES(mutex_);
  void went_on(const std::shared_ptr<Renewal>& renewal) noexcept;
  void look(const std::shared_ptr<Renewal>& renewal);
  void remember(const Renewal& renewal) OPI_REQUIRES(mutex_);
  std::shared_ptr<Fetch> join(const std::shared_ptr<Renewal>& renewal, const Wanted& wanted, MonoTime now)
      OPI_REQUIRES(mutex_);
  void fetch(const std::shared_ptr<Fetch>& fetch) noexcept;
  void fetched(Fetch& fetch, ProviderLanes::Ending ending) noexcept;
  void take(Fetch& fetch, ProviderLanes::Ending ending) OPI_REQUIRES(mutex_);
  void finish(const std::shared_ptr<Renewal>& renewal);
  void give_up(const std::shared_ptr<Renewal>& renewal) noexcept;
  void answer(const Waiting& waiting, const Renewal& renewal, const std::shared_ptr<const SecretSet>& set) noexcept;
  void forget_stale_values(MonoTime now) OPI_REQUIRES(mutex_);
  std::chrono::milliseconds lifetime(std::optional<std::chrono::milliseconds> ttl);

  const SecretProviders& providers_;
  const Clock& clock_;
  Random& random_;
  telemetry::Metrics& metrics_;
  telemetry::Logger& logger_;
  const Options options_;
  ProviderLanes lanes_;

  Mutex mutex_;  // guards these and all that hangs on them, never held while a provider or a caller is called
  std::unordered_map<DestinationId, Entry> entries_ OPI_GUARDED_BY(mutex_);
  std::map<std::string, std::weak_ptr<CachedResource>> resources_ OPI_GUARDED_BY(mutex_);
  // From then on somebody may hold a value that its key has no more, be it a set that nobody asks for.
  MonoTime stale_from_ OPI_GUARDED_BY(mutex_) = MonoTime::max();
};

}  // namespace opi::secrets
