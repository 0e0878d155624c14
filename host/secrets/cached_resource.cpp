#include "secrets/cached_resource.hpp"

#include <algorithm>
#include <utility>

namespace opi::secrets {
namespace {

bool same(const std::shared_ptr<const Secret>& one, const std::shared_ptr<const Secret>& other) {
  return one && other && std::ranges::equal(one->reveal(), other->reveal());
}

}  // namespace

CredentialState state_of(ResolveStatus failure) {
  switch (failure) {
    case ResolveStatus::not_found: return CredentialState::missing;
    case ResolveStatus::denied: return CredentialState::denied;
    case ResolveStatus::invalid: return CredentialState::unusable;
    default: return CredentialState::unavailable;
  }
}

std::shared_ptr<CachedKey> CachedResource::key_of(const std::shared_ptr<CachedResource>& resource,
                                                  const std::string& key) {
  std::erase_if(resource->keys, [](const auto& one) { return one.second.expired(); });
  auto& slot = resource->keys[key];
  auto known = slot.lock();
  if (!known) {
    known = std::make_shared<CachedKey>();
    known->resource = resource;
    known->key = key;
    slot = known;
  }
  return known;
}

bool CachedResource::needs_fetch(const CachedKey& key, MonoTime now, std::chrono::milliseconds negative_ttl) const {
  if (now < failed_until) return false;
  const bool known = key.known && (key.current || now < fetched_at + negative_ttl);
  return !known || now >= renew_at;
}

std::vector<std::string> CachedResource::keys_to_ask(const std::string& wanted) {
  std::erase_if(keys, [](const auto& one) { return one.second.expired(); });
  std::vector<std::string> asked{wanted};
  for (const auto& [key, value] : keys)
    if (key != wanted && asked.size() < SecretProvider::max_keys) asked.push_back(key);
  return asked;
}

void CachedResource::expire() {
  renew_at = fresh_until = MonoTime::min();
  failed_until = {};
  outdated = fetching;
}

MonoTime CachedResource::take(const ResolveResult& result, const std::vector<std::string>& asked, MonoTime now,
                              const Lifetimes& lifetimes) {
  MonoTime stale_from = MonoTime::max();
  switch (result.status) {
    case ResolveStatus::ok: stale_from = take_values(result, asked, now, now + lifetimes.success); [[fallthrough]];
    case ResolveStatus::not_modified:
      fetched_at = now;
      fresh_until = now + lifetimes.success;
      renew_at = now + std::chrono::duration_cast<MonoTime::duration>(lifetimes.success * lifetimes.renew_at);
      failed_until = {};
      failure.clear();
      return stale_from;
    case ResolveStatus::not_found:
    case ResolveStatus::denied:
    case ResolveStatus::invalid:
      for (auto& [name, value] : keys)
        if (const auto key = value.lock()) {
          if (key->current) stale_from = now;
          key->known = false;
          key->current = key->former = nullptr;
        }
      version.clear();
      [[fallthrough]];
    case ResolveStatus::unavailable:
      fail(state_of(result.status), result.failure.empty() ? "the secret provider failed" : result.failure,
           now + lifetimes.failure);
  }
  return stale_from;
}

MonoTime CachedResource::take_values(const ResolveResult& result, const std::vector<std::string>& asked, MonoTime now,
                                     MonoTime former_until) {
  const bool other_version = result.version.empty() || result.version != version;
  MonoTime stale_from = MonoTime::max();
  for (auto& [name, value] : keys) {
    const auto key = value.lock();
    if (!key) continue;
    const auto place = std::ranges::find(asked, name) - asked.begin();
    if (std::cmp_less(place, std::min(asked.size(), result.values.size()))) {
      const auto& fresh = result.values[static_cast<std::size_t>(place)];
      key->known = true;
      if (same(key->current, fresh)) continue;
      if (!fresh) {
        if (key->current) stale_from = now;
        key->former = nullptr;
      } else if (key->current) {
        stale_from = std::min(stale_from, former_until);
        key->former = key->current;
        key->former_version = version;
        key->former_until = former_until;
      }
      key->current = fresh;
    } else if (other_version) {
      key->known = false;  // of another version than the rest
    }
  }
  version = result.version;
  return stale_from;
}

MonoTime CachedResource::forget_former(MonoTime now) {
  MonoTime next = MonoTime::max();
  for (auto& [name, value] : keys) {
    const auto key = value.lock();
    if (!key || !key->former) continue;
    if (now >= key->former_until)
      key->former = nullptr;
    else
      next = std::min(next, key->former_until);
  }
  return next;
}

void CachedResource::fail(CredentialState as, std::string why, MonoTime until) {
  failed_as = as;
  failure = std::move(why);
  failed_until = until;
}

}  // namespace opi::secrets
