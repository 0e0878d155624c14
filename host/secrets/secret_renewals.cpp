#include <algorithm>
#include <exception>

#include "secrets/secret_broker.hpp"

// The way of a renewal: its references are read, what they name is fetched where it must be, and the set is put
// together from what is known then.
namespace opi::secrets {
namespace {

constexpr int most_rounds = 3;  // of fetches: somebody may want a key, or a newer value, than the one under way brings
constexpr const char* not_asked = "the secret provider is not asked: its store does not answer";
constexpr const char* no_answer = "the secret provider did not answer in time";

std::string name_of(const SecretReference& reference, const TenantId& tenant) {
  std::string name = tenant.str() + '\n' + reference.scheme + '\n' + reference.version;
  for (const auto& segment : reference.resource) name += '\n' + segment;
  return name;
}

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

// A reference that its provider is to read; owns what the call touches.
struct SecretBroker::Reading {
  std::shared_ptr<Renewal> renewal;
  std::size_t place = 0;  // in the renewal's credentials
  std::shared_ptr<SecretProvider> provider;
  std::string text;
  TenantId tenant;
  std::optional<SecretReference> reference;
  std::string fault;
  bool answered = false;  // the renewal goes on without it
};

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

void SecretBroker::begin(const std::shared_ptr<Renewal>& renewal) noexcept {
  try {
    read_references(renewal);
  } catch (...) {
    give_up(renewal);
  }
}

void SecretBroker::read_references(const std::shared_ptr<Renewal>& renewal) {
  const auto& destination = *renewal->destination;
  std::vector<std::shared_ptr<Reading>> readings;
  {
    const Lock lock(mutex_);
    const auto entry = entries_.find(destination.id);
    const UnixTime now = clock_.unix_now();
    for (std::size_t i = 0; i < renewal->wanted.size(); ++i) {
      Wanted& one = renewal->wanted[i];
      if (barred(destination, one.credential, now)) continue;
      const auto provider = provider_of(one.credential.reference);
      if (!provider) {
        one.failure = no_provider;
        continue;
      }
      one.provider = provider;
      if (entry != entries_.end()) {
        const auto before = std::ranges::find_if(entry->second.wanted, [&](const Wanted& known) {
          return known.key && known.provider.lock() == provider &&
                 known.credential.reference == one.credential.reference;
        });
        if (before != entry->second.wanted.end()) {
          one.key = before->key;
          continue;
        }
      }
      readings.push_back(std::make_shared<Reading>(
          Reading{renewal, i, provider, one.credential.reference, destination.tenant_id, {}, {}}));
    }
    renewal->pending = 1 + static_cast<int>(readings.size());
  }
  for (const auto& reading : readings) read(reading);
  went_on(renewal);
}

void SecretBroker::read(const std::shared_ptr<Reading>& reading) {
  const auto ended = [this, reading](ProviderLanes::Ending ending) {
    {
      const Lock lock(mutex_);
      if (std::exchange(reading->answered, true)) return;
      try {
        place(*reading, ending);
      } catch (const std::exception&) {
        reading->renewal->wanted[reading->place]
            .failure.clear();  // it stays unavailable, which says what there is to say
      }
    }
    went_on(reading->renewal);
  };
  try {
    lanes_.submit(reading->provider, {[reading](MonoTime) {
                                        try {
                                          reading->reference = reading->provider->parse(reading->text, reading->tenant);
                                        } catch (const InvalidReference& invalid) {
                                          reading->fault = invalid.what();
                                        }
                                        return true;
                                      },
                                      ended});
  } catch (const std::exception&) {
    ended(ProviderLanes::Ending::refused);
  }
}

void SecretBroker::place(Reading& reading, ProviderLanes::Ending ending) {
  Wanted& one = reading.renewal->wanted[reading.place];
  if (ending != ProviderLanes::Ending::returned) {
    one.failure = ending == ProviderLanes::Ending::overdue ? no_answer : not_asked;
  } else if (!reading.fault.empty()) {
    one.failure = reading.fault;
    one.state = CredentialState::denied;
  } else if (!reading.reference) {
    one.failure = "the secret provider failed";
  } else {
    auto& known = resources_[name_of(*reading.reference, reading.tenant)];
    auto resource = known.lock();
    if (!resource) {
      resource = std::make_shared<CachedResource>();
      resource->reference = *reading.reference;
      resource->tenant = reading.tenant;
      known = resource;
    }
    one.key = CachedResource::key_of(resource, reading.reference->key);
  }
}

// One of the calls that it waits for has ended.
void SecretBroker::went_on(const std::shared_ptr<Renewal>& renewal) noexcept {
  {
    const Lock lock(mutex_);
    if (--renewal->pending > 0 || renewal->over) return;
  }
  try {
    look(renewal);
  } catch (...) {
    give_up(renewal);
  }
}

// Fetches what must be fetched; if nothing must be, that is it.
void SecretBroker::look(const std::shared_ptr<Renewal>& renewal) {
  std::vector<std::shared_ptr<Fetch>> fetches;
  std::exception_ptr fault;
  bool waits = false;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    fetches.reserve(renewal->wanted.size());
    renewal->pending = 0;
    const bool again = ++renewal->rounds <= most_rounds;
    try {
      remember(*renewal);
      for (const auto& one : renewal->wanted)
        if (again && one.key)
          if (auto fetch = join(renewal, one, now)) fetches.push_back(std::move(fetch));
    } catch (...) {
      fault = std::current_exception();  // those that are to be made already are made: others may wait for them
    }
    waits = renewal->pending > 0;
  }
  for (const auto& one : fetches) fetch(one);
  if (fault) std::rethrow_exception(fault);
  if (!waits) finish(renewal);
}

// From here on the destination keeps in memory what it refers to, unless it has changed meanwhile.
void SecretBroker::remember(const Renewal& renewal) {
  Entry& entry = entries_[renewal.destination->id];
  if (entry.is_outdated(*renewal.destination)) return;
  entry.latest = renewal.destination;
  entry.wanted = renewal.wanted;
}

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
    lanes_.submit(fetch->provider, {[fetch](MonoTime deadline) {
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
    resource.take(fetch.result, fetch.keys, now,
                  {lifetime(fetch.result.ttl), options_.negative_ttl, options_.refresh_at});
  else
    resource.fail(CredentialState::unavailable, ending == Ending::overdue ? no_answer : not_asked,
                  now + options_.negative_ttl);
  // A breaker that is open has been told of already.
  if (!resource.failure.empty() && (ending != Ending::refused || before != resource.failure))
    logger_.warning("secret.resolve_failed",
                    {{"tenant", fetch.tenant.str()}, {"scheme", fetch.reference.scheme}, {"reason", resource.failure}});
}

void SecretBroker::finish(const std::shared_ptr<Renewal>& renewal) {
  Waiting waiting;
  std::shared_ptr<const SecretSet> set;
  const auto& destination = *renewal->destination;
  {
    const Lock lock(mutex_);
    const MonoTime now = clock_.mono_now();
    auto assembled = assemble(*renewal, now, clock_.unix_now(), options_.max_ttl, options_.negative_ttl);
    std::vector<prometheus::Counter*> hits;
    for (const auto& one : renewal->wanted)
      if (one.key) hits.push_back(&metrics_.secret_cache_hits(one.key->resource->reference.scheme));
    set = std::move(assembled.set);
    Entry& entry = entries_[destination.id];
    const bool outdated = entry.is_outdated(destination);
    entry.revision = destination.revision;
    entry.set = outdated ? nullptr : set;
    entry.hits = std::move(hits);
    const bool refused = std::exchange(entry.refused, false);
    entry.renew_at = refused ? MonoTime::min() : assembled.renew_at;
    entry.serve_until = refused ? MonoTime::min() : assembled.serve_until;
    entry.renewing = false;
    renewal->over = true;
    waiting.swap(entry.waiting);
    if (entry.gone) entries_.erase(destination.id);
  }
  answer(waiting, *renewal, set);
}

// Whatever happened, whoever waits is answered, and the next one tries again.
void SecretBroker::give_up(const std::shared_ptr<Renewal>& renewal) noexcept {
  Waiting waiting;
  {
    const Lock lock(mutex_);
    if (std::exchange(renewal->over, true)) return;
    const auto entry = entries_.find(renewal->destination->id);
    if (entry == entries_.end()) return;
    entry->second.renewing = false;
    entry->second.renew_at = entry->second.serve_until = MonoTime::min();
    waiting.swap(entry->second.waiting);
    if (entry->second.gone) entries_.erase(entry);
  }
  answer(waiting, *renewal, renewal->fallback);
}

void SecretBroker::answer(const Waiting& waiting, const Renewal& renewal,
                          const std::shared_ptr<const SecretSet>& set) noexcept {
  for (const auto& [destination, ready] : waiting) {
    try {
      if (destination->revision == renewal.destination->revision)
        ready(set);
      else
        resolve(destination, ready);  // it changed meanwhile: these are another revision's secrets
    } catch (const std::exception& failure) {
      logger_.error("secret.answer_failed", {{"error", failure.what()}});
    }
  }
}

}  // namespace opi::secrets
