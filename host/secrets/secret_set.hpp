#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "secrets/secret.hpp"

namespace opi::secrets {

// One live version of a secret.
struct SecretVersion {
  std::shared_ptr<const Secret> value;
  std::string version;  // the provider's
  bool former = false;  // it was replaced where it lives: it signs on for a while beside what it was replaced by
};

// What a destination's credentials resolved to: per purpose its live versions, current first.
struct PurposeSecrets {
  std::string purpose;
  std::vector<SecretVersion> versions;  // empty: none could be resolved
  std::string failure;                  // then why, for people
  bool unconfirmed = false;             // when last asked, the store of one of them did not say that it is so still
};

// How the host stands with one credential.
enum class CredentialState {
  resolved,
  missing,      // the backend has no such secret, or it has no such key
  denied,       // the backend or the host's rules forbid it
  expired,      // its time is over; it was not even looked for
  unusable,     // its value can never serve: none that a secret can have, or for signing no key (signing_key.hpp)
  unbound,      // it was put for another receiver (domain/receiver.hpp): it was not even looked for
  unavailable,  // it could not be looked for: no provider, or a backend that does not answer
};

constexpr std::string_view to_string(CredentialState state) {
  switch (state) {
    case CredentialState::resolved: return "resolved";
    case CredentialState::missing: return "missing";
    case CredentialState::denied: return "denied";
    case CredentialState::expired: return "expired";
    case CredentialState::unusable: return "unusable";
    case CredentialState::unbound: return "unbound";
    case CredentialState::unavailable: return "unavailable";
  }
  return "";
}

struct CredentialPosture {
  std::string purpose;
  int version = 0;  // the credential's
  CredentialState state = CredentialState::unavailable;
  // Of a resolved one for signing. What anybody may know (signing_key.hpp):
  std::vector<std::string> public_keys;  // whpk_…: of its private key, then of the one that it came in place of
  std::string warning;                   // for people: what is odd about the key; empty: nothing
};

struct SecretSet {
  std::vector<PurposeSecrets> purposes;
  std::vector<CredentialPosture> credentials;  // one per credential of the destination
  // What a request has carried in the open: whole values of its headers, and the secrets in them.
  std::vector<std::shared_ptr<const Secret>> sent;

  [[nodiscard]] const PurposeSecrets* find(std::string_view purpose) const {
    for (const auto& p : purposes)
      if (p.purpose == purpose) return &p;
    return nullptr;
  }
};

}  // namespace opi::secrets
