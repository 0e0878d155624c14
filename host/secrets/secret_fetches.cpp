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

// What a fetch counts as: a key that is refused is what somebody has to see.
std::string_view word_for(ProviderLanes::Ending ending, const Answers& answers) {
  if (ending == ProviderLanes::Ending::overdue) return "overdue";
  if (ending == ProviderLanes::Ending::refused) return "refused";
  return word_for(answers.refused.empty() ? answers.result.status : answers.refused.front().status);
}

}  // namespace

// A fetch of a resource; owns what the call touches.
struct SecretBroker::Fetch {
  std::shared_ptr<CachedResource> resource;
  std::uint64_t number = 0;  // of the resource's fetches
  std::shared_ptr<SecretProvider> provider;
  SecretReference reference;
  TenantId tenant;
  CachedResource::Question question;
  std::string if_not_version;
  Answers answers;

  void make(MonoTime deadline) {
    answers = Inquiry(*provider, {reference, question.keys, tenant, if_not_version, deadline}).make(question.doubted);
  }
};

// The fetch to be made, if the one that is needed is not under way.
std::shared_ptr<SecretBroker::Fetch> SecretBroker::join(const std::shared_ptr<Renewal>& renewal, const Wanted& wanted,
                                                        MonoTime now) {
  CachedResource& resource = *wanted.key->resource;
  if (!resource.needs_fetch(*wanted.key, now, options_.negative_ttl)) return nullptr;
  const auto provider = wanted.provider.lock();
  if (!provider) resource.failure = {CredentialState::unavailable, no_provider, now + options_.negative_ttl};
  if (!provider) return nullptr;
  const bool same_provider = resource.provider.lock() == provider;
  const bool stuck = resource.fetching && resource.overdue && same_provider;
  if (stuck) resource.failure.until = now + options_.negative_ttl;
  if (stuck) return nullptr;
  std::shared_ptr<Fetch> fetch;
  if (!resource.fetching || resource.overdue) {
    fetch = std::make_shared<Fetch>();
    fetch->resource = wanted.key->resource;
    fetch->provider = provider;
    fetch->reference = resource.reference;
    fetch->reference.key = wanted.key->key;
    fetch->tenant = resource.tenant;
    fetch->question = resource.question_for(*wanted.key, now);
    fetch->answers.keys = fetch->question.keys;  // whatever becomes of the call, it is about these
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
    lanes_.submit(fetch->provider, {fetch->tenant,
                                    [fetch](MonoTime deadline) {
                                      fetch->make(deadline);
                                      return fetch->answers.keys.empty() ||
                                             fetch->answers.result.status != ResolveStatus::unavailable;
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
      resource.failure.until = clock_.mono_now() + options_.negative_ttl;
    }
    if (!resource.fetching && std::exchange(resource.outdated, false)) resource.expire();
  }
  for (const auto& renewal : waiting) went_on(renewal);
}

void SecretBroker::take(Fetch& fetch, ProviderLanes::Ending ending) {
  using Ending = ProviderLanes::Ending;
  CachedResource& resource = *fetch.resource;
  const MonoTime now = clock_.mono_now();
  metrics_.secret_fetches(fetch.reference.scheme, word_for(ending, fetch.answers)).Increment();
  const auto before = resource.failure.why;
  bool told = false;
  if (ending == Ending::returned) {
    stale_from_ = std::min(
        stale_from_, resource.take(fetch.answers, now,
                                   {lifetime(fetch.answers.result.ttl), options_.negative_ttl, options_.refresh_at}));
    for (const auto& refusal : fetch.answers.refused)
      logger_.warning("secret.resolve_failed", {{"tenant", fetch.tenant.str()},
                                                {"scheme", fetch.reference.scheme},
                                                {"key", refusal.key},
                                                {"reason", refusal.why}});
    told = fetch.answers.keys.empty();  // of the resource nothing was said
  } else {
    resource.failure = {CredentialState::unavailable, ending == Ending::overdue ? no_answer : not_asked,
                        now + options_.negative_ttl};
    told = ending == Ending::refused && before == resource.failure.why;  // a breaker that is open
  }
  if (!told && resource.failure.any())
    logger_.warning(
        "secret.resolve_failed",
        {{"tenant", fetch.tenant.str()}, {"scheme", fetch.reference.scheme}, {"reason", resource.failure.why}});
}

}  // namespace opi::secrets
