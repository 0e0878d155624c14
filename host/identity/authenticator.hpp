#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "identity/failed_sign_ins.hpp"
#include "identity/jwt_keys.hpp"
#include "identity/rate_limit.hpp"
#include "identity/sessions.hpp"

namespace opi::identity {

// What a request shows of its sender. Views; empty means absent.
struct Presented {
  std::string_view method;
  std::string_view authorization;  // the header, as sent
  std::string_view cookie;         // the header, as sent
  std::string_view csrf_token;     // X-CSRF-Token
  std::string_view address;        // whom failures are counted for
};

struct Refusal {
  enum class Kind {
    unauthenticated,
    csrf,      // a cookie alone does not show that the user wanted this
    too_many,  // failures of this address, or requests of this caller
  };
  Kind kind = Kind::unauthenticated;
  std::string_view detail;                   // constant words
  std::chrono::milliseconds retry_after{0};  // with too_many
};

// The one door: who sends this request, or why it is refused. Bearers are API tokens, JWTs and the sessions of portal
// links; any other browser comes with the cookie of its session. A valid caller is never turned away for the failures
// of others at the same address, which may be a proxy's. Thread-safe; throws StoreUnavailable, CommitInDoubt.
class Authenticator {
 public:
  Authenticator(TokenVerifier& tokens, const JwtVerifier& jwts, Sessions& sessions, FailedSignIns& failures,
                const Clock& clock, const RateLimit::Options& requests)
      : tokens_(tokens), jwts_(jwts), sessions_(sessions), failures_(failures), clock_(clock), requests_(requests) {}

  std::variant<Caller, Refusal> authenticate(const Presented& presented);

  // Exchanges a bearer or a portal link (an Authorization header, or the token alone if that is empty) for a session.
  std::variant<Sessions::Opened, Refusal> sign_in(const Presented& presented, std::string_view token);
  // False if the caller came with no session, or with one that has ended.
  bool sign_out(const Caller& caller) { return sessions_.close(caller); }

  // To be called after a token was revoked: it and its sessions end at once here.
  void forget_tokens() { tokens_.forget(); }

 private:
  std::variant<Caller, Refusal> bearer(std::string_view token, std::string_view address);
  std::variant<Caller, Refusal> limited(Caller caller);
  Refusal failed(std::string_view address, std::string_view detail);

  TokenVerifier& tokens_;
  const JwtVerifier& jwts_;
  Sessions& sessions_;
  FailedSignIns& failures_;
  const Clock& clock_;
  RateLimit requests_;
};

inline constexpr std::string_view session_cookie = "opi_session";

}  // namespace opi::identity
