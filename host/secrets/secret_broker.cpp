#include "secrets/secret_broker.hpp"

#include <algorithm>
#include <set>

namespace opi::secrets {
namespace {

bool is_used(const Destination& destination, const Wanted& wanted) {
  return std::ranges::find(destination.credentials, wanted.credential.reference, &Credential::reference) !=
         destination.credentials.end();
}

// Of those that are current in their place: what signs on beside them tells of an earlier change.
std::vector<std::shared_ptr<const Secret>> current_values(const PurposeSecrets& purpose) {
  std::vector<std::shared_ptr<const Secret>> values;
  for (const auto& version : purpose.versions)
    if (!version.former) values.push_back(version.value);
  return values;
}

// What became of a destination's values, purpose by purpose. `before`: null if it had none.
struct Difference {
  bool changed = false, added = false;
};

Difference difference(const SecretSet* before, const SecretSet& after) {
  using SecretValues = std::vector<std::shared_ptr<const Secret>>;
  const auto has = [](const SecretValues& values, const std::shared_ptr<const Secret>& value) {
    return std::ranges::any_of(values,
                               [&](const auto& one) { return std::ranges::equal(one->reveal(), value->reveal()); });
  };
  Difference difference;
  for (const auto& purpose : after.purposes) {
    const auto* const known = before == nullptr ? nullptr : before->find(purpose.purpose);
    const auto then = known == nullptr ? SecretValues{} : current_values(*known), now = current_values(purpose);
    difference.changed =
        difference.changed || !std::ranges::all_of(then, [&](const auto& one) { return has(now, one); });
    difference.added = difference.added || now.size() > then.size();
  }
  return difference;
}

bool is_unresolved(const SecretSet& set) {
  return std::ranges::any_of(set.credentials, [](const CredentialPosture& one) {
    return one.state != CredentialState::resolved && one.state != CredentialState::expired;
  });
}

}  // namespace

SecretBroker::SecretBroker(const SecretProviders& providers, Executor executor, const Clock& clock, Random& random,
                           telemetry::Metrics& metrics, telemetry::Logger& logger, const Options& options)
    : providers_(providers),
      clock_(clock),
      random_(random),
      metrics_(metrics),
      logger_(logger),
      options_(options),
      lanes_(std::move(executor), clock, metrics, logger, options.lanes) {}

SecretBroker::~SecretBroker() = default;

std::shared_ptr<SecretProvider> SecretBroker::provider_of(std::string_view reference) const {
  return providers_.find(reference.substr(0, reference.find("://")));
}

void SecretBroker::resolve(const std::shared_ptr<const Destination>& destination, Ready ready) {
  ask(destination, std::move(ready), Answer::from_memory);
}

void SecretBroker::ask(const std::shared_ptr<const Destination>& destination, Ready&& ready, Answer answer) {
  std::shared_ptr<const SecretSet> cached;
  std::shared_ptr<Renewal> renewal;
  {
    const Lock lock(mutex_);
    Entry& entry = entries_[destination->id];
    const MonoTime now = clock_.mono_now();
    const bool served = answer == Answer::from_memory && entry.set && entry.revision == destination->revision &&
                        now < entry.serve_until;
    if (!entry.renewing && (!served || now >= entry.renew_at)) renewal = std::make_shared<Renewal>(destination);
    if (served)
      cached = entry.set;
    else
      entry.waiting.emplace_back(destination, std::move(ready));
    if (renewal) entry.renewing = true;  // nothing below throws under this lock
    if (cached)
      for (auto* hits : entry.hits) hits->Increment();
  }
  try {
    if (cached) ready(std::move(cached));
  } catch (...) {  // a renewal that was announced and never begun would be waited for for ever
    if (renewal) begin(renewal);
    throw;
  }
  if (renewal) begin(renewal);
}

bool SecretBroker::is_same_secret(std::string_view one, std::string_view other, const TenantId& tenant) const {
  if (one == other) return true;
  const auto provider = provider_of(one), others = provider_of(other);
  if (provider == nullptr || provider != others) return false;
  try {
    const auto a = provider->parse(one, tenant), b = provider->parse(other, tenant);
    return a.resource == b.resource && a.key == b.key;
  } catch (const InvalidReference&) {
    return false;
  }
}

std::optional<std::string> SecretBroker::reference_fault(std::string_view reference, const TenantId& tenant) const {
  const auto provider = provider_of(reference);
  if (provider == nullptr) return no_provider;
  try {
    (void)provider->parse(reference, tenant);
    return std::nullopt;
  } catch (const InvalidReference& invalid) {
    return invalid.what();
  }
}

void SecretBroker::keep_only(const Catalog& catalog) {
  const Lock lock(mutex_);
  for (auto& [id, entry] : entries_) {
    const auto found = catalog.destinations.find(id);
    entry.gone = found == catalog.destinations.end();
    if (entry.gone || found->second->revision == entry.revision) continue;
    // What was resolved for what the destination was before holds values that it may have no more.
    entry.latest = found->second;
    entry.set = nullptr;
    std::erase_if(entry.wanted, [latest = entry.latest](const Wanted& one) { return !is_used(*latest, one); });
  }
  std::erase_if(entries_, [](const auto& one) { return one.second.gone && !one.second.renewing; });
  std::erase_if(resources_, [](const auto& one) { return one.second.expired(); });
}

bool SecretBroker::invalidate(const Destination& destination) {
  const Lock lock(mutex_);
  const auto found = entries_.find(destination.id);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  const MonoTime now = clock_.mono_now();
  bool all = true;
  std::vector<const CachedResource*> asked;
  for (const auto& one : entry.wanted) {
    if (!one.key) continue;
    // What another destination's refusal has brought within the pause is in memory, and not yet in this one's set.
    entry.serve_until = MonoTime::min();
    CachedResource& resource = *one.key->resource;
    if (std::ranges::find(asked, &resource) != asked.end()) continue;
    const bool pauses = now < resource.asked_anew_at + options_.refusal_pause;
    all = all && !pauses;
    if (pauses) continue;
    asked.push_back(&resource);
    resource.asked_anew_at = now;
    resource.expire();
  }
  entry.refused = entry.renewing;
  return all;
}

// As the provider reads it for each tenant that has a secret of its scheme in memory.
std::map<TenantId, SecretReference> SecretBroker::readings_of(const std::string& reference) {
  const auto provider = provider_of(reference);
  if (!provider) return {};
  std::set<TenantId> tenants;
  {
    const Lock lock(mutex_);
    for (const auto& [name, known] : resources_)
      if (const auto resource = known.lock(); resource && resource->reference.scheme == provider->scheme())
        tenants.insert(resource->tenant);
  }
  std::map<TenantId, SecretReference> readings;
  for (const auto& tenant : tenants) {
    try {
      readings.emplace(tenant, provider->parse(reference, tenant));
    } catch (const InvalidReference&) {
      continue;  // it is none of this tenant's
    }
  }
  return readings;
}

void SecretBroker::refresh(const Scope& scope, std::function<void(const Refreshed&)> done) {
  struct Tally {
    Mutex mutex;
    Refreshed counts OPI_GUARDED_BY(mutex);
    std::size_t missing OPI_GUARDED_BY(mutex) = 0;
  };
  const auto readings = readings_of(scope.reference);
  const auto is_named = [&](const Wanted& one) {
    if (scope.reference.empty() || one.credential.reference == scope.reference) return true;
    const auto reading = one.key ? readings.find(one.key->resource->tenant) : readings.end();
    return reading != readings.end() && reading->second.scheme == one.key->resource->reference.scheme &&
           reading->second.resource == one.key->resource->reference.resource && reading->second.key == one.key->key;
  };
  std::vector<std::pair<std::shared_ptr<const Destination>, std::shared_ptr<const SecretSet>>> chosen;
  {
    const Lock lock(mutex_);
    for (auto& [id, entry] : entries_) {
      if (!entry.latest || entry.gone || (scope.destination && *scope.destination != id)) continue;
      bool wanted = false;
      for (const auto& one : entry.wanted) {
        if (!is_named(one)) continue;
        wanted = true;
        if (one.key) one.key->resource->expire();
      }
      if (!wanted) continue;
      chosen.emplace_back(entry.latest, entry.set);
      entry.refused = entry.renewing;
    }
  }
  const auto tally = std::make_shared<Tally>();
  if (chosen.empty()) return done({});
  {
    const Lock lock(tally->mutex);
    tally->missing = chosen.size();
    tally->counts.destinations = static_cast<int>(chosen.size());
  }
  for (const auto& [destination, before] : chosen)
    ask(
        destination,
        [tally, done, before = before](const std::shared_ptr<const SecretSet>& set) {
          Lock lock(tally->mutex);
          const auto became = difference(before.get(), *set);
          if (became.changed) ++tally->counts.changed;
          if (became.added) ++tally->counts.added;
          if (is_unresolved(*set)) ++tally->counts.unresolved;
          if (std::ranges::any_of(set->purposes, &PurposeSecrets::unconfirmed)) ++tally->counts.unanswered;
          if (--tally->missing > 0) return;
          const auto counts = tally->counts;
          lock.unlock();
          done(counts);
        },
        Answer::of_a_renewal);
}

void SecretBroker::run_once() {
  lanes_.run_once();
  const Lock lock(mutex_);
  const MonoTime now = clock_.mono_now();
  if (now >= stale_from_) forget_stale_values(now);
}

bool SecretBroker::Entry::is_stale() const {
  const auto is_known = [this](const SecretVersion& version) {
    return std::ranges::any_of(wanted, [&](const Wanted& one) {
      return one.key && (one.key->current == version.value || one.key->former == version.value);
    });
  };
  return set && std::ranges::any_of(set->purposes, [&](const PurposeSecrets& purpose) {
           return !std::ranges::all_of(purpose.versions, is_known);
         });
}

void SecretBroker::forget_stale_values(MonoTime now) {
  stale_from_ = MonoTime::max();
  for (const auto& [name, known] : resources_)
    if (const auto resource = known.lock()) stale_from_ = std::min(stale_from_, resource->forget_former(now));
  for (auto& [id, entry] : entries_) {
    if (entry.renewing || !entry.is_stale()) continue;  // the end of a renewal brings another set
    entry.set = nullptr;
    if (!entry.latest || entry.latest->revision != entry.revision) continue;
    Renewal renewal(entry.latest);
    renewal.wanted = entry.wanted;
    auto assembled = assemble(renewal, now, clock_.unix_now(), options_.max_ttl, options_.negative_ttl);
    entry.set = std::move(assembled.set);
    entry.renew_at = assembled.renew_at;
    entry.serve_until = assembled.serve_until;
  }
}

std::chrono::milliseconds SecretBroker::lifetime(std::optional<std::chrono::milliseconds> ttl) {
  const auto clamped = std::clamp(ttl.value_or(options_.default_ttl), options_.min_ttl, options_.max_ttl);
  const double share = 1.0 + options_.ttl_jitter * (2.0 * random_.uniform() - 1.0);
  return std::chrono::milliseconds{static_cast<long long>(static_cast<double>(clamped.count()) * share)};
}

}  // namespace opi::secrets
