#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/public_key.hpp"
#include "identity/identity.hpp"

namespace opi::identity {

struct JwtLimits {
  static constexpr std::size_t token_bytes = 8 * 1024;
  static constexpr std::size_t subject_bytes = 128;
  static constexpr std::chrono::seconds leeway{60};  // for nbf and iat: clocks differ
};

// What this installation accepts from its identity provider.
struct JwtRules {
  std::string issuer, audience;
  std::string tenant_claim = "tenant", role_claim = "role";
};

// A key of the identity provider, ready to verify with. Its type alone decides the algorithm: RS256 or ES256.
class JwtKey {
 public:
  JwtKey(std::string id, const crypto::PublicKey& key);
  ~JwtKey();
  JwtKey(JwtKey&&) noexcept;
  JwtKey& operator=(JwtKey&&) noexcept;

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::string_view algorithm() const;
  [[nodiscard]] bool verifies(const std::string& token) const;  // thread-safe

 private:
  struct Signer;
  std::string id_;
  crypto::KeyKind kind_;
  std::unique_ptr<Signer> signer_;
};

// Why a token was refused, in constant words that repeat nothing of it.
struct JwtRefusal {
  std::string_view why;
};

// Whose token this is. A token that names its key ("kid") is verified with that key or not at all; one that names none
// only if there is a single key. Pure.
std::variant<Caller, JwtRefusal> judge_jwt(std::string_view token, const std::vector<JwtKey>& keys,
                                           const JwtRules& rules, UnixTime now);

}  // namespace opi::identity
