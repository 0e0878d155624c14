#include <algorithm>
#include <exception>

#include "secrets/call_endings.hpp"
#include "secrets/secret_broker.hpp"

// The way of a renewal: its references are read, what they name is fetched where it must be, and the set is put
// together from what is known then.
namespace opi::secrets {
namespace {

constexpr int most_rounds = 3;  // of fetches: somebody may want a key, or a newer value, than the one under way brings

std::string name_of(const SecretReference& reference, const TenantId& tenant) {
  std::string name = tenant.str() + '\n' + reference.scheme + '\n' + reference.version;
  for (const auto& segment : reference.resource) name += '\n' + segment;
  return name;
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
      } catch (...) {
        reading->renewal->wanted[reading->place]
            .failure.clear();  // it stays unavailable, which says what there is to say
      }
    }
    went_on(reading->renewal);
  };
  try {
    lanes_.submit(reading->provider, {reading->tenant,
                                      [reading](MonoTime) -> std::optional<bool> {
                                        try {
                                          reading->reference = reading->provider->parse(reading->text, reading->tenant);
                                        } catch (const InvalidReference& invalid) {
                                          reading->fault = invalid.what();
                                        }
                                        return std::nullopt;  // it says nothing of the store
                                      },
                                      ended});
  } catch (...) {
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
    } catch (...) {
      logger_.error("secret.answer_failed", {{"error", "an exception of no known kind"}});
    }
  }
}

}  // namespace opi::secrets
