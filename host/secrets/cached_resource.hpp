#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/clock.hpp"
#include "domain/ids.hpp"
#include "secrets/inquiry.hpp"
#include "secrets/secret_provider.hpp"
#include "secrets/secret_set.hpp"

namespace opi::secrets {

struct CachedResource;
struct Renewal;

// What the last fetch failed with, and until when nobody tries again. It is there until a later one brings something.
struct Failure {
  CredentialState as = CredentialState::unavailable;
  std::string why;  // for people; empty: there is none
  MonoTime until{};

  [[nodiscard]] bool any() const { return !why.empty(); }
};

// What is known of one key of a resource. Credentials that refer to it hold it, and its values go with the last of
// them.
struct CachedKey {
  std::shared_ptr<CachedResource> resource;
  std::string key;
  bool known = false;                     // it was answered, be it that the resource has no such key
  std::shared_ptr<const Secret> current;  // null: the resource has no such key
  // What `current` came in place of: it signs on beside it until then, and never authorises.
  std::shared_ptr<const Secret> former;
  std::string former_version;
  MonoTime former_until{};
  Failure failure;  // of this key alone: others of the resource are served, and asked for without it
};

// What is known of one resource of one tenant. Not thread-safe.
struct CachedResource {
  struct Lifetimes {
    std::chrono::milliseconds success, failure;
    double renew_at;  // share of a lifetime after which it is renewed early
  };

  SecretReference reference;  // of one of its keys
  TenantId tenant;
  std::weak_ptr<SecretProvider> provider;  // that was asked last
  std::map<std::string, std::weak_ptr<CachedKey>> keys;
  std::string version;
  MonoTime fetched_at{}, renew_at{}, fresh_until{};
  Failure failure;           // of all of its keys
  std::uint64_t fetch = 0;   // the number of the last one
  bool fetching = false;     // it is under way, or waits for its turn
  bool overdue = false;      // it has not come back in time: nobody waits for it any more
  bool outdated = false;     // what it brings was asked for too early: somebody wants what is there now
  MonoTime asked_anew_at{};  // because of a refusal
  std::vector<std::shared_ptr<Renewal>> waiting;  // for the fetch

  static std::shared_ptr<CachedKey> key_of(const std::shared_ptr<CachedResource>& resource, const std::string& key);

  // Whether it takes a fetch to answer this now.
  [[nodiscard]] bool needs_fetch(const CachedKey& key, MonoTime now, std::chrono::milliseconds negative_ttl) const;
  struct Question {
    std::vector<std::string> keys;
    std::size_t doubted = 0;  // so many of them, the first ones, were refused before
  };
  // `wanted` first, then what else is known, as far as one fetch goes. What was refused goes only with what was
  // refused.
  [[nodiscard]] Question question_for(const CachedKey& wanted, MonoTime now);
  // Whatever is known is asked for again before it is used.
  void expire();
  // From when on somebody may hold a value that none of its keys has any more; MonoTime::max(): never.
  MonoTime take(const Answers& answers, MonoTime now, const Lifetimes& lifetimes);
  // Lets go of the former values whose time is over, and tells when that of the next one is.
  MonoTime forget_former(MonoTime now);

 private:
  MonoTime take_refusals(const std::vector<Answers::Refusal>& refused, MonoTime now, MonoTime until);
  MonoTime take_result(const Answers& answers, MonoTime now, const Lifetimes& lifetimes);
  MonoTime take_values(const Answers& answers, MonoTime now, MonoTime former_until);
};

CredentialState state_of(ResolveStatus failure);

}  // namespace opi::secrets
