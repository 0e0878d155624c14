#include "secrets/cached_resource.hpp"

#include <algorithm>
#include <utility>

namespace opi::secrets {
namespace {

bool same(const std::shared_ptr<const Secret>& one, const std::shared_ptr<const Secret>& other) {
  return one && other && std::ranges::equal(one->reveal(), other->reveal());
}

std::string said(const std::string& why) { return why.empty() ? "the secret provider failed" : why; }

// Whether somebody may have held a value of it.
bool let_go(CachedKey& key) {
  key.known = false;
  key.former = nullptr;
  return std::exchange(key.current, nullptr) != nullptr;
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
  if (now < failure.until || now < key.failure.until) return false;
  const bool known = key.known && (key.current || now < fetched_at + negative_ttl);
  return !known || now >= renew_at;
}

CachedResource::Question CachedResource::question_for(const CachedKey& wanted, MonoTime now) {
  std::erase_if(keys, [](const auto& one) { return one.second.expired(); });
  std::vector<std::shared_ptr<const CachedKey>> refused, others;
  for (const auto& [name, value] : keys) {
    const auto key = value.lock();
    if (!key || key.get() == &wanted) continue;
    if (!key->failure.any())
      others.push_back(key);
    else if (now >= key->failure.until)
      refused.push_back(key);
  }
  Question question{{wanted.key}, 0};
  const auto add = [&](const std::vector<std::shared_ptr<const CachedKey>>& more, std::size_t most) {
    for (const auto& one : more)
      if (question.keys.size() < most) question.keys.push_back(one->key);
  };
  if (wanted.failure.any()) {
    // Those first that have waited longest: however many there are, each has its turn.
    std::ranges::stable_sort(refused, {}, [](const auto& key) { return key->failure.until; });
    add(refused, Inquiry::most_questions);
    question.doubted = question.keys.size();
  }
  add(others, SecretProvider::max_keys);
  return question;
}

void CachedResource::expire() {
  renew_at = fresh_until = MonoTime::min();
  failure.until = {};
  for (const auto& [name, value] : keys)
    if (const auto key = value.lock()) key->failure.until = {};
  outdated = fetching;
}

MonoTime CachedResource::take(const Answers& answers, MonoTime now, const Lifetimes& lifetimes) {
  const auto refused = take_refusals(answers.refused, now, now + lifetimes.failure);
  return answers.keys.empty() ? refused : std::min(refused, take_result(answers, now, lifetimes));
}

MonoTime CachedResource::take_refusals(const std::vector<Answers::Refusal>& refused, MonoTime now, MonoTime until) {
  MonoTime stale_from = MonoTime::max();
  for (const auto& refusal : refused) {
    const auto found = keys.find(refusal.key);
    const auto key = found == keys.end() ? nullptr : found->second.lock();
    if (!key) continue;
    if (let_go(*key)) stale_from = now;
    key->failure = {state_of(refusal.status), said(refusal.why), until};
  }
  return stale_from;
}

MonoTime CachedResource::take_result(const Answers& answers, MonoTime now, const Lifetimes& lifetimes) {
  const auto& result = answers.result;
  MonoTime stale_from = MonoTime::max();
  switch (result.status) {
    case ResolveStatus::ok: stale_from = take_values(answers, now, now + lifetimes.success); [[fallthrough]];
    case ResolveStatus::not_modified:
      fetched_at = now;
      fresh_until = now + lifetimes.success;
      renew_at = now + std::chrono::duration_cast<MonoTime::duration>(lifetimes.success * lifetimes.renew_at);
      failure = {};
      return stale_from;
    case ResolveStatus::not_found:
    case ResolveStatus::denied:
    case ResolveStatus::invalid:
      for (auto& [name, value] : keys)
        if (const auto key = value.lock()) {
          if (let_go(*key)) stale_from = now;
          key->failure = {};
        }
      version.clear();
      [[fallthrough]];
    case ResolveStatus::unavailable: failure = {state_of(result.status), said(result.failure), now + lifetimes.failure};
  }
  return stale_from;
}

MonoTime CachedResource::take_values(const Answers& answers, MonoTime now, MonoTime former_until) {
  const auto& result = answers.result;
  const auto& asked = answers.keys;
  const bool other_version = result.version.empty() || result.version != version;
  MonoTime stale_from = MonoTime::max();
  for (auto& [name, value] : keys) {
    const auto key = value.lock();
    if (!key) continue;
    const auto place = std::ranges::find(asked, name) - asked.begin();
    if (std::cmp_less(place, std::min(asked.size(), result.values.size()))) {
      const auto& fresh = result.values[static_cast<std::size_t>(place)];
      key->known = true;
      key->failure = {};
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

}  // namespace opi::secrets
