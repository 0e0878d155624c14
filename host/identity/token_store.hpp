#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_record.hpp"
#include "domain/clock.hpp"
#include "domain/ids.hpp"
#include "domain/role.hpp"
#include "domain/store_errors.hpp"

namespace opi::identity {

using TokenHash = std::array<std::uint8_t, 32>;  // SHA-256 of the token's text

struct TokenRecord {
  std::string prefix;  // first characters of the token: names it in lists, audit and logs
  TokenHash hash{};
  TenantId tenant;  // empty for system_admin
  Role role = Role::auditor;
  std::string label;
  UnixTime created_at{};
  std::optional<UnixTime> expires_at, revoked_at;
};

// A page of a tenant's tokens, newest first.
struct TokenPage {
  struct Place {
    UnixTime created_at{};
    std::string prefix;
  };
  std::optional<Place> before;  // nullopt: from the newest
  int limit = 50;
};

enum class RevokeResult { revoked, revoked_before, unknown };

// Thread-safe. Throws StoreUnavailable, CommitInDoubt.
class TokenStore {
 public:
  virtual ~TokenStore() = default;
  virtual std::optional<TokenRecord> find(const TokenHash& hash) = 0;
  // A no-op if the hash is known already (returns false).
  virtual bool insert(const TokenRecord& token, const audit::Entry& entry) = 0;
  // The tenant's own; of the empty tenant, the system administrators'.
  virtual std::vector<TokenRecord> list(const TenantId& tenant, const TokenPage& page) = 0;
  // Only a token that was not revoked before leaves an audit record.
  virtual RevokeResult revoke(const TenantId& tenant, const std::string& prefix, UnixTime now,
                              const audit::Entry& entry) = 0;
};

}  // namespace opi::identity
