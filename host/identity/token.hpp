#pragma once
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "identity/token_store.hpp"

namespace opi::identity {

// Who asks.
struct Identity {
  Role role = Role::auditor;
  TenantId tenant;  // empty for system_admin, who names a tenant with each request
  audit::ActorKind actor_kind = audit::ActorKind::token;
  std::string actor_id;  // the token's prefix, or the subject that an identity provider vouched for
};

struct IssuedToken {
  std::string text;  // shown once, never stored
  TokenRecord record;
};

// A new token: "opi_" and 32 bytes of entropy in base64url. Pure but for `random`.
IssuedToken issue_token(Role role, const TenantId& tenant, std::string label, UnixTime now,
                        std::optional<UnixTime> expires_at, Random& random);

TokenHash hash_token(std::string_view text);

// True for the exact shape that issue_token() makes.
bool is_token_shaped(std::string_view text);

// Answers whose token this is. Remembers answers for a moment, so that a busy producer does not cost a query a
// request; a revocation takes as long to be felt. Thread-safe.
class TokenVerifier {
 public:
  struct Options {
    std::chrono::milliseconds cache_ttl{5'000};
    std::size_t cache_size = 10'000;
  };
  TokenVerifier(TokenStore& store, const Clock& clock, const Options& options)
      : store_(store), clock_(clock), options_(options) {}

  // nullopt for an unknown, expired or revoked token. Throws StoreUnavailable.
  std::optional<Identity> verify(std::string_view token);

 private:
  struct HashOfHash {
    std::size_t operator()(const TokenHash& hash) const noexcept {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(hash.data()), hash.size()});
    }
  };
  struct Known {
    std::optional<TokenRecord> record;
    MonoTime until{};
  };

  TokenStore& store_;
  const Clock& clock_;
  const Options options_;
  std::mutex mutex_;
  std::unordered_map<TokenHash, Known, HashOfHash> known_;
};

}  // namespace opi::identity
