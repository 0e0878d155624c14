#include "secrets/renewal.hpp"

#include <algorithm>
#include <utility>

#include "domain/authorization.hpp"
#include "domain/receiver.hpp"
#include "secrets/signing_key.hpp"

namespace opi::secrets {
namespace {

std::string why_barred(CredentialState state) {
  return state == CredentialState::expired ? "the credential has expired" : "it was put for another receiver";
}

PurposeSecrets& purpose_of(SecretSet& set, const std::string& purpose) {
  if (set.purposes.empty() || set.purposes.back().purpose != purpose) set.purposes.push_back({purpose, {}, {}, false});
  return set.purposes.back();
}

std::shared_ptr<const SecretSet> nothing_of(const std::vector<Wanted>& wanted) {
  auto set = std::make_shared<SecretSet>();
  for (const auto& one : wanted) {
    set->credentials.push_back({one.credential.purpose, one.credential.version, CredentialState::unavailable, {}, {}});
    purpose_of(*set, one.credential.purpose).failure = "the daemon could not look for it";
  }
  return set;
}

std::vector<Wanted> sorted(const Destination& destination) {
  std::vector<Wanted> wanted;
  for (const auto& credential : destination.credentials) wanted.emplace_back().credential = credential;
  std::ranges::sort(wanted, {}, [](const Wanted& one) {
    return std::pair{std::string_view{one.credential.purpose}, -one.credential.version};
  });
  return wanted;
}

bool is_for_a_mac(const Destination& destination, const Credential& credential) {
  return credential.purpose == authorization_purpose && destination.authorization &&
         std::holds_alternative<HmacAuthorization>(*destination.authorization);
}

// Why the value can never serve; nullptr if it can.
const char* fault_of(const Destination& destination, const Credential& credential, const Secret& value) {
  if (credential.purpose == signing_purpose) return SigningKey(value).is_key() ? nullptr : not_a_signing_key;
  // Whoever puts a private key there thinks that the receiver has its public one, and would be told nothing.
  return is_for_a_mac(destination, credential) && SigningKey(value).private_key() != nullptr ? not_a_mac_key : nullptr;
}

// The current value comes first, and its warning is the credential's.
void describe(CredentialPosture& posture, const SecretVersion& version) {
  const SigningKey key(*version.value);
  if (!version.former) posture.warning = key.warning();
  if (const auto* own = key.private_key()) posture.public_keys.push_back(public_key_text(own->public_key()));
}

// What there is to say of one that has no value. What was said of the key alone says more.
const Failure& failure_of(const CachedKey& key) { return key.failure.any() ? key.failure : key.resource->failure; }

CredentialState state_of(const Wanted& one) {
  if (!one.key) return one.state;
  const auto& failure = failure_of(*one.key);
  return failure.any() ? failure.as : CredentialState::missing;
}

std::string why_not(const Wanted& one) {
  if (!one.key) return one.failure;
  const auto& failure = failure_of(*one.key);
  return failure.any() ? failure.why : "the secret has no such key";
}

// Puts one credential into the set that grows.
class Assembly {
 public:
  Assembly(const Destination& destination, MonoTime now, MonoTime longest, std::chrono::milliseconds negative_ttl)
      : destination_(destination),
        now_(now),
        negative_ttl_(negative_ttl),
        renew_at_(longest),
        serve_until_(longest),
        ends_(MonoTime::max()) {}

  void add_barred(const Credential& credential, CredentialState state) {
    posture(credential, state);
    auto& purpose = purpose_of(*set_, credential.purpose);
    if (purpose.failure.empty()) purpose.failure = why_barred(state);
  }
  void ends(MonoTime at) { ends_ = std::min(ends_, at); }

  void add(const Wanted& one) {
    auto& purpose = purpose_of(*set_, one.credential.purpose);
    const auto* const key = one.key.get();
    if (key != nullptr && key->current) {
      const auto* const fault = fault_of(destination_, one.credential, *key->current);
      posture(one.credential, fault == nullptr ? CredentialState::resolved : CredentialState::unusable);
      if (fault != nullptr && purpose.failure.empty()) purpose.failure = fault;
      if (fault == nullptr) add_values(purpose, one.credential, *key);
      if (key->resource->failure.any()) purpose.unconfirmed = true;
      return follow(*key->resource);
    }
    posture(one.credential, state_of(one));
    if (purpose.failure.empty()) purpose.failure = why_not(one);
    if (key == nullptr) return live_until(now_ + negative_ttl_);
    const auto& resource = *key->resource;
    live_until(std::max(resource.failure.until,
                        key->failure.any() ? key->failure.until : resource.fetched_at + negative_ttl_));
  }

  Assembled done() && { return {std::move(set_), std::min(renew_at_, ends_), std::min(serve_until_, ends_)}; }

 private:
  void posture(const Credential& credential, CredentialState state) {
    set_->credentials.push_back({credential.purpose, credential.version, state, {}, {}});
  }
  void add_values(PurposeSecrets& purpose, const Credential& credential, const CachedKey& key) {
    const auto number = std::to_string(credential.version) + "/";
    add_value(purpose, credential, {key.current, number + key.resource->version});
    if (!key.former || now_ >= key.former_until || fault_of(destination_, credential, *key.former) != nullptr) return;
    add_value(purpose, credential, {key.former, number + key.former_version, true});
    renew_at_ = std::min(renew_at_, key.former_until);
  }
  void add_value(PurposeSecrets& purpose, const Credential& credential, SecretVersion version) {
    if (credential.purpose == signing_purpose) describe(set_->credentials.back(), version);
    purpose.versions.push_back(std::move(version));
  }
  // A value whose store is away is served on, and asked for again whenever that may help.
  void follow(const CachedResource& resource) {
    if (!resource.failure.any()) {
      renew_at_ = std::min(renew_at_, resource.renew_at);
      serve_until_ = std::min(serve_until_, resource.fresh_until);
    } else {
      renew_at_ = std::min(renew_at_, std::max(now_, resource.failure.until));
    }
  }
  void live_until(MonoTime at) {
    renew_at_ = std::min(renew_at_, std::max(now_, at));
    serve_until_ = std::min(serve_until_, std::max(now_, at));
  }

  const Destination& destination_;
  const MonoTime now_;
  const std::chrono::milliseconds negative_ttl_;
  std::shared_ptr<SecretSet> set_ = std::make_shared<SecretSet>();
  MonoTime renew_at_, serve_until_, ends_;
};

}  // namespace

Renewal::Renewal(std::shared_ptr<const Destination> of)
    : destination(std::move(of)), wanted(sorted(*destination)), fallback(nothing_of(wanted)) {}

std::optional<CredentialState> barred(const Destination& destination, const Credential& credential, UnixTime now) {
  if (credential.expires_at && *credential.expires_at <= now) return CredentialState::expired;
  if (!is_bound(destination, credential)) return CredentialState::unbound;
  return std::nullopt;
}

Assembled assemble(const Renewal& renewal, MonoTime now, UnixTime unix_now, std::chrono::milliseconds longest,
                   std::chrono::milliseconds negative_ttl) {
  Assembly assembly(*renewal.destination, now, now + longest, negative_ttl);
  for (const auto& one : renewal.wanted) {
    if (const auto state = barred(*renewal.destination, one.credential, unix_now)) {
      assembly.add_barred(one.credential, *state);
      continue;
    }
    if (one.credential.expires_at) assembly.ends(now + (*one.credential.expires_at - unix_now));
    assembly.add(one);
  }
  return std::move(assembly).done();
}

}  // namespace opi::secrets
