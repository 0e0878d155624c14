#include "secrets/secret_broker.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "domain/receiver.hpp"
#include "foundation/mutex.hpp"
#include "secrets/signing_key.hpp"

namespace opi::secrets {
namespace {

constexpr const char* no_provider = "no secret provider for the reference's scheme is loaded";

CredentialState state_of(ResolveStatus failure) {
  switch (failure) {
    case ResolveStatus::not_found: return CredentialState::missing;
    case ResolveStatus::denied:
    case ResolveStatus::invalid: return CredentialState::denied;
    default: return CredentialState::unavailable;
  }
}

}  // namespace

// What is known of one resource of one tenant. Its mutex is held during a fetch: one at a time.
struct SecretBroker::Resource {
  Mutex mutex;
  std::map<std::string, std::shared_ptr<const Secret>> values
      OPI_GUARDED_BY(mutex);  // by key; null: the resource has no such key
  std::string version OPI_GUARDED_BY(mutex);
  MonoTime fresh_until OPI_GUARDED_BY(mutex){};
  MonoTime failed_until OPI_GUARDED_BY(mutex){};
  MonoTime fetched_at OPI_GUARDED_BY(mutex){};
  std::string failure OPI_GUARDED_BY(mutex);
  CredentialState failed_as OPI_GUARDED_BY(mutex) = CredentialState::unavailable;
  std::atomic<bool> refused = false;  // a receiver refused a value of it: fetch anew; set without the mutex
};

// One credential on its way to a value.
struct SecretBroker::Wanted {
  std::shared_ptr<SecretProvider> provider;  // kept for as long as it is asked
  SecretReference reference;
  TenantId tenant;
  std::shared_ptr<Resource> resource;
  std::shared_ptr<const Secret> value;
  std::string version;
  std::string failure;
  CredentialState state = CredentialState::unavailable;
};

SecretBroker::SecretBroker(const SecretProviders& providers, Executor executor, const Clock& clock, Random& random,
                           telemetry::Logger& logger, const Options& options)
    : providers_(providers),
      executor_(std::move(executor)),
      clock_(clock),
      random_(random),
      logger_(logger),
      options_(options) {}

SecretBroker::~SecretBroker() = default;

void SecretBroker::resolve(const std::shared_ptr<const Destination>& destination, Ready ready) {
  std::shared_ptr<const SecretSet> cached;
  bool start = false;
  {
    const Lock lock(mutex_);
    CachedSet& entry = sets_[destination->id];
    const MonoTime now = clock_.mono_now();
    if (entry.revision == destination->revision && entry.set != nullptr && now < entry.valid_until) cached = entry.set;
    if (!cached) entry.waiting.emplace_back(destination, ready);
    start = !entry.renewing && (!cached || now >= entry.renew_at);
    if (start) entry.renewing = true;
  }
  if (cached) ready(std::move(cached));
  if (start) executor_([this, destination] { renew(destination); });
}

std::shared_ptr<SecretProvider> SecretBroker::provider_of(std::string_view reference) const {
  return providers_.find(reference.substr(0, reference.find("://")));
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
  UsedKeys used;
  std::unordered_map<DestinationId, std::int64_t> revisions;
  for (const auto& [id, destination] : catalog.destinations) {
    revisions[id] = destination->revision;
    for (const auto& credential : destination->credentials) {
      const auto provider = provider_of(credential.reference);
      if (provider == nullptr) continue;
      try {
        const auto reference = provider->parse(credential.reference, destination->tenant_id);
        used[name_of(reference, destination->tenant_id)].insert(reference.key);
      } catch (const InvalidReference&) {
        continue;  // it never had a value
      }
    }
  }
  const Lock lock(mutex_);
  used_ = std::move(used);
  revisions_ = std::move(revisions);
  drop_unused();
  for (auto& [id, entry] : sets_) {
    const auto found = catalog.destinations.find(id);
    entry.gone = found == catalog.destinations.end();
    // What was resolved for what the destination was before holds values that it may have no more.
    if (!entry.gone && found->second->revision != entry.revision) entry.set = nullptr;
  }
  std::erase_if(sets_, [](const auto& one) { return one.second.gone && !one.second.renewing; });
}

void SecretBroker::drop_unused() {
  auto* const used = &used_;  // clang's analysis does not know that a lambda runs with the lock
  std::erase_if(resources_, [&](const auto& one) { return !used->contains(one.first); });
  for (auto& [name, resource] : resources_)
    // One that is being fetched keeps its keys until the catalog's next change.
    if (resource->mutex.try_lock()) {
      std::erase_if(resource->values,
                    [&, &keys = (*used)[name]](const auto& value) { return !keys.contains(value.first); });
      resource->mutex.unlock();
    }
}

void SecretBroker::invalidate(const Destination& destination) {
  const Lock lock(mutex_);
  if (const auto found = sets_.find(destination.id); found != sets_.end()) {
    found->second.valid_until = MonoTime::min();
    found->second.refused = found->second.renewing;
  }
  for (const auto& credential : destination.credentials)
    if (const auto wanted = locate(destination, credential); wanted.resource) wanted.resource->refused = true;
}

void SecretBroker::renew(const std::shared_ptr<const Destination>& destination) {
  auto [set, valid_until] = assemble(*destination);
  std::vector<std::pair<std::shared_ptr<const Destination>, Ready>> waiting;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    CachedSet& entry = sets_[destination->id];
    const auto latest = revisions_.find(destination->id);
    const bool outdated = entry.gone || (latest != revisions_.end() && destination->revision < latest->second);
    entry.revision = destination->revision;
    entry.set = outdated ? nullptr : set;
    if (outdated) drop_unused();
    if (std::exchange(entry.refused, false)) valid_until = now;
    entry.valid_until = valid_until;
    entry.renew_at =
        now + std::chrono::duration_cast<std::chrono::nanoseconds>((valid_until - now) * options_.refresh_at);
    entry.renewing = false;
    waiting.swap(entry.waiting);
    if (entry.gone) sets_.erase(destination->id);
  }
  for (auto& [wanted, ready] : waiting)
    if (wanted->revision == destination->revision)
      ready(set);
    else
      resolve(wanted, std::move(ready));  // it changed meanwhile: these are another revision's secrets
}

std::pair<std::shared_ptr<const SecretSet>, MonoTime> SecretBroker::assemble(const Destination& destination) {
  auto credentials = destination.credentials;
  std::ranges::sort(credentials, [](const auto& a, const auto& b) {
    return std::pair{a.purpose, -a.version} < std::pair{b.purpose, -b.version};
  });
  auto set = std::make_shared<SecretSet>();
  MonoTime valid_until = clock_.mono_now() + options_.max_ttl;
  const UnixTime now = clock_.unix_now();
  for (const auto& credential : credentials) {
    if (set->purposes.empty() || set->purposes.back().purpose != credential.purpose)
      set->purposes.push_back({credential.purpose, {}, {}});
    PurposeSecrets& purpose = set->purposes.back();
    auto& posture = set->credentials.emplace_back(
        CredentialPosture{credential.purpose, credential.version, CredentialState::expired});
    if (credential.expires_at) {
      if (*credential.expires_at <= now) {
        if (purpose.failure.empty()) purpose.failure = "the credential has expired";
        continue;
      }
      valid_until = std::min(valid_until, clock_.mono_now() + (*credential.expires_at - now));
    }
    if (!is_bound(destination, credential)) {
      posture.state = CredentialState::unbound;
      if (purpose.failure.empty()) purpose.failure = "it was put for another receiver";
      continue;
    }
    Wanted wanted;
    {
      const Lock lock(mutex_);
      wanted = locate(destination, credential);
    }
    if (wanted.resource) valid_until = std::min(valid_until, look_up(*wanted.resource, wanted));
    if (wanted.value && credential.purpose == signing_purpose && SigningKey(*wanted.value).bytes().empty()) {
      wanted.value = nullptr;
      wanted.state = CredentialState::unusable;
      wanted.failure = not_a_signing_key;
    }
    posture.state = wanted.state;
    if (wanted.value)
      purpose.versions.push_back({std::move(wanted.value), std::to_string(credential.version) + "/" + wanted.version});
    else if (purpose.failure.empty())
      purpose.failure = wanted.failure;
  }
  return {std::move(set), valid_until};
}

// Parses the reference and finds its resource; sets `failure` if it has none.
SecretBroker::Wanted SecretBroker::locate(const Destination& destination, const Credential& credential) {
  Wanted wanted;
  wanted.tenant = destination.tenant_id;
  wanted.provider = provider_of(credential.reference);
  if (wanted.provider == nullptr) {
    wanted.failure = no_provider;
    return wanted;
  }
  try {
    wanted.reference = wanted.provider->parse(credential.reference, destination.tenant_id);
  } catch (const InvalidReference& invalid) {
    wanted.failure = invalid.what();
    wanted.state = CredentialState::denied;
    return wanted;
  }
  auto& resource = resources_[name_of(wanted.reference, destination.tenant_id)];
  if (!resource) resource = std::make_shared<Resource>();
  wanted.resource = resource;
  return wanted;
}

std::string SecretBroker::name_of(const SecretReference& reference, const TenantId& tenant) {
  std::string name = tenant.str() + '\n' + reference.scheme + '\n' + reference.version;
  for (const auto& segment : reference.resource) name += '\n' + segment;
  return name;
}

// Fills value or failure; returns until when the answer holds.
MonoTime SecretBroker::look_up(Resource& resource, Wanted& wanted) {
  const Lock lock(resource.mutex);
  const MonoTime now = clock_.mono_now();
  if (resource.refused.exchange(false)) resource.fresh_until = MonoTime::min();
  const auto cached = resource.values.find(wanted.reference.key);
  const bool known = cached != resource.values.end() &&
                     (cached->second != nullptr || now < resource.fetched_at + options_.negative_ttl);
  if ((!known || now >= resource.fresh_until) && now >= resource.failed_until) fetch(resource, wanted, now);
  if (const auto found = resource.values.find(wanted.reference.key); found != resource.values.end() && found->second) {
    wanted.value = found->second;
    wanted.version = resource.version;
    wanted.state = CredentialState::resolved;
  } else {
    wanted.state = resource.failure.empty() ? CredentialState::missing : resource.failed_as;
    wanted.failure = resource.failure.empty() ? "the secret has no such key" : resource.failure;
    return std::max(now, std::max(resource.failed_until, resource.fetched_at + options_.negative_ttl));
  }
  return std::max(resource.fresh_until, resource.failed_until);
}

void SecretBroker::fetch(Resource& resource, const Wanted& wanted, MonoTime now) {
  std::vector<std::string> keys{wanted.reference.key};
  for (const auto& [key, value] : resource.values)
    if (key != wanted.reference.key) keys.push_back(key);
  const bool complete = resource.values.contains(wanted.reference.key);
  const ResolveResult result =
      wanted.provider->resolve({wanted.reference, keys, wanted.tenant,
                                complete ? std::string_view{resource.version} : "", now + options_.resolve_timeout});
  switch (result.status) {
    case ResolveStatus::ok:
      resource.values.clear();
      for (std::size_t i = 0; i < keys.size() && i < result.values.size(); ++i)
        resource.values[keys[i]] = result.values[i];
      resource.version = result.version;
      [[fallthrough]];
    case ResolveStatus::not_modified:
      resource.fetched_at = clock_.mono_now();
      resource.fresh_until = resource.fetched_at + lifetime(result.ttl);
      resource.failed_until = {};
      resource.failure.clear();
      return;
    case ResolveStatus::not_found:
    case ResolveStatus::denied:
    case ResolveStatus::invalid: resource.values.clear(); [[fallthrough]];
    case ResolveStatus::unavailable:
      resource.failed_until = clock_.mono_now() + options_.negative_ttl;
      resource.failed_as = state_of(result.status);
      resource.failure = result.failure.empty() ? "the secret provider failed" : result.failure;
      logger_.warning(
          "secret.resolve_failed",
          {{"tenant", wanted.tenant.str()}, {"scheme", wanted.reference.scheme}, {"reason", resource.failure}});
  }
}

std::chrono::milliseconds SecretBroker::lifetime(std::optional<std::chrono::milliseconds> ttl) {
  const auto clamped = std::clamp(ttl.value_or(options_.default_ttl), options_.min_ttl, options_.max_ttl);
  const double share = 1.0 + options_.ttl_jitter * (2.0 * random_.uniform() - 1.0);
  return std::chrono::milliseconds{static_cast<long long>(static_cast<double>(clamped.count()) * share)};
}

}  // namespace opi::secrets
