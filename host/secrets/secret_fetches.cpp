#include <algorithm>

#include "secrets/call_endings.hpp"
#include "secrets/secret_broker.hpp"

// The way of a fetch: it is made for the first renewal that needs it, joined by the others, and taken into the cache.
namespace opi::secrets {
namespace {

std::string_view word_for(ResolveStatus status) {
  switch (status) {
    case ResolveStatus::ok: return "ok";
    case ResolveStatus::not_modified: return "not_modified";
    case ResolveStatus::not_found: return "not_found";
    case ResolveStatus::denied: return "denied";
    case ResolveStatus::invalid: return "invalid";
    case ResolveStatus::unavailable: return "unavailable";
  }
  return "";
}

}  // namespace

// A fetch of a resource; owns what the call touches.
struct SecretBroker::Fetch {
  std::shared_ptr<CachedResource> resource;
  std::uint64_t number = 0;  // of the resource's fetches
  std::shared_ptr<SecretProvider> provider;
  SecretReference reference;
  TenantId tenant;
  std::vector<std::string> keys;
  std::string if_not_version;
  ResolveResult result;
};

// The fetch to be made, if the one that is needed is not under way.
std::shared_ptr<SecretBroker::Fetch> SecretBroker::join(const std::shared_ptr<Renewal>& renewal, const Wanted& wanted,
                                                        MonoTime now) {
  CachedResource& resource = *wanted.key->resource;
  if (!resource.needs_fetch(*wanted.key, now, options_.negative_ttl)) return nullptr;
  const auto provider = wanted.provider.lock();
  if (!provider) resource.fail(CredentialState::unavailable, no_provider, now + options_.negative_ttl);
  if (!provider) return nullptr;
  const bool same_provider = resource.provider.lock() == provider;
  const bool stuck = resource.fetching && resource.overdue && same_provider;
  if (stuck) resource.failed_until = now + options_.negative_ttl;
  if (stuck) return nullptr;
  std::shared_ptr<Fetch> fetch;
  if (!resource.fetching || resource.overdue) {
    fetch = std::make_shared<Fetch>();
    fetch->resource = wanted.key->resource;
    fetch->provider = provider;
    fetch->reference = resource.reference;
    fetch->reference.key = wanted.key->key;
    fetch->tenant = resource.tenant;
    fetch->keys = resource.keys_to_ask(wanted.key->key);
    // Another provider's versions say nothing of this one's.
    if (wanted.key->known && same_provider) fetch->if_not_version = resource.version;
  }
  resource.waiting.push_back(renewal);
  ++renewal->pending;
  if (fetch) {
    resource.provider = provider;
    resource.fetching = true;
    resource.overdue = false;
    fetch->number = ++resource.fetch;
  }
  return fetch;
}

void SecretBroker::fetch(const std::shared_ptr<Fetch>& fetch) noexcept {
  try {
    lanes_.submit(fetch->provider, {fetch->tenant.str(),
                                    [fetch](MonoTime deadline) {
                                      fetch->result =
                                          fetch->provider->resolve({fetch->reference, fetch->keys, fetch->tenant,
                                                                    fetch->if_not_version, deadline});
                                      return fetch->result.status != ResolveStatus::unavailable;
                                    },
                                    [this, fetch](ProviderLanes::Ending ending) { fetched(*fetch, ending); }});
  } catch (...) {
    fetched(*fetch, ProviderLanes::Ending::refused);
  }
}

void SecretBroker::fetched(Fetch& fetch, ProviderLanes::Ending ending) noexcept {
  Renewals waiting;
  {
    const Lock lock(mutex_);
    CachedResource& resource = *fetch.resource;
    if (fetch.number != resource.fetch) return;  // it came back when another provider had been asked already
    waiting.swap(resource.waiting);
    resource.fetching = ending == ProviderLanes::Ending::overdue;
    resource.overdue = resource.fetching;
    try {
      take(fetch, ending);
    } catch (...) {
      resource.failed_until = clock_.mono_now() + options_.negative_ttl;
    }
    if (!resource.fetching && std::exchange(resource.outdated, false)) resource.expire();
  }
  for (const auto& renewal : waiting) went_on(renewal);
}

void SecretBroker::take(Fetch& fetch, ProviderLanes::Ending ending) {
  using Ending = ProviderLanes::Ending;
  CachedResource& resource = *fetch.resource;
  const MonoTime now = clock_.mono_now();
  const auto result = ending == Ending::overdue   ? std::string_view{"overdue"}
                      : ending == Ending::refused ? std::string_view{"refused"}
                                                  : word_for(fetch.result.status);
  metrics_.secret_fetches(fetch.reference.scheme, result).Increment();
  const auto before = resource.failure;
  if (ending == Ending::returned)
    stale_from_ =
        std::min(stale_from_, resource.take(fetch.result, fetch.keys, now,
                                            {lifetime(fetch.result.ttl), options_.negative_ttl, options_.refresh_at}));
  else
    resource.fail(CredentialState::unavailable, ending == Ending::overdue ? no_answer : not_asked,
                  now + options_.negative_ttl);
  // A breaker that is open has been told of already.
  if (!resource.failure.empty() && (ending != Ending::refused || before != resource.failure))
    logger_.warning("secret.resolve_failed",
                    {{"tenant", fetch.tenant.str()}, {"scheme", fetch.reference.scheme}, {"reason", resource.failure}});
}

}  // namespace opi::secrets
