#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "identity/recollection.hpp"
#include "identity/token.hpp"

namespace opi::identity {

// Browser sessions. One that a bearer began is kept in a cookie; one that a portal link began is kept by its page,
// which sends it as a bearer, for a page inside another site's has no cookies to rely on. Their secret is shown once
// and stored as its hash; the secret of the CSRF header is made from it, so that whoever holds the cookie alone, as a
// browser does on behalf of a foreign page, cannot tell it. Thread-safe.
class Sessions {
 public:
  struct Options {
    std::chrono::milliseconds lifetime{std::chrono::hours{8}};
    std::chrono::milliseconds cache_ttl{5'000};
    std::size_t cache_size = 10'000;
  };
  Sessions(SessionStore& store, TokenVerifier& tokens, const Clock& clock, Random& random, const Options& options)
      : store_(store),
        tokens_(tokens),
        clock_(clock),
        random_(random),
        options_(options),
        recollection_(options.cache_ttl, options.cache_size) {}

  struct Opened {
    std::string secret;
    Caller caller;
  };
  // Ends when `bearer` does at the latest. Throws StoreUnavailable, CommitInDoubt.
  Opened open(const Caller& bearer);
  // The session of a portal link's token, which is used up. nullopt for a link that is unknown, over, used, or whose
  // issuer's token no longer counts. Throws StoreUnavailable, CommitInDoubt.
  std::optional<Opened> open_by_link(std::string_view token);
  // How a session comes.
  enum class Way { cookie, bearer };
  // nullopt for a session that is unknown, over, comes another way than it began for, or whose API token no longer
  // counts. Throws StoreUnavailable.
  std::optional<Caller> find(std::string_view secret, Way way);
  // Ends the session that the caller came with; false if it had ended.
  bool close(const Caller& caller);

 private:
  [[nodiscard]] audit::Entry entry(const Identity& identity, audit::Action action, const SessionHash& hash) const;

  SessionStore& store_;
  TokenVerifier& tokens_;
  const Clock& clock_;
  Random& random_;
  const Options options_;
  Recollection<SessionRecord> recollection_;
};

// The header value that shows that a page of ours sent the request: HMAC-SHA256 over "opi.csrf.v1" under the session's
// secret, base64url.
std::string csrf_token_of(std::string_view session_secret);

// True for the exact shape of a session's secret.
bool is_session_shaped(std::string_view text);

}  // namespace opi::identity
