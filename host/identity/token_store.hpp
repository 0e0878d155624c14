#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

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

// Thread-safe. Throws StoreUnavailable, CommitInDoubt.
class TokenStore {
 public:
  virtual ~TokenStore() = default;
  virtual std::optional<TokenRecord> find(const TokenHash& hash) = 0;
  // A no-op if the hash is known already (returns false).
  virtual bool insert(const TokenRecord& token, const audit::Entry& entry) = 0;
};

}  // namespace opi::identity
