#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "identity/identity.hpp"
#include "identity/recollection.hpp"
#include "identity/token_store.hpp"

namespace opi::identity {

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
// request; a revocation takes as long to be felt, except by the daemon that made it. Thread-safe.
class TokenVerifier {
 public:
  struct Options {
    std::chrono::milliseconds cache_ttl{5'000};
    std::size_t cache_size = 10'000;
  };
  TokenVerifier(TokenStore& store, const Clock& clock, const Options& options)
      : store_(store), clock_(clock), recollection_(options.cache_ttl, options.cache_size) {}

  // nullopt for an unknown, expired or revoked token. Throws StoreUnavailable.
  std::optional<Identity> verify(std::string_view token);
  std::optional<TokenRecord> find_valid(const TokenHash& hash);
  // To be called after a revocation.
  void forget() { recollection_.forget(); }

 private:
  TokenStore& store_;
  const Clock& clock_;
  Recollection<TokenRecord> recollection_;
};

// The identity of whoever holds the token.
Identity identity_of(const TokenRecord& token);

}  // namespace opi::identity
