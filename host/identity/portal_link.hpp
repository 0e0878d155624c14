#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "identity/identity.hpp"

namespace opi::identity {

struct PortalLinkTerms {
  TenantId tenant;
  Role role = Role::auditor;  // see portal_role()
  std::string subject;        // whom it is for, in the issuer's words: 1 to 100 bytes, without control characters
  std::chrono::milliseconds valid_for{std::chrono::minutes{5}};          // to be followed
  std::chrono::milliseconds session_lifetime{std::chrono::minutes{60}};  // of the session it begins
};

struct IssuedPortalLink {
  std::string token;  // shown once, never stored
  PortalLink record;
};

// A token that begins one session: "opl_" and 32 bytes of entropy in base64url. Neither it nor its session outlives
// what the issuer came with. Pure but for `random`.
IssuedPortalLink issue_portal_link(PortalLinkTerms terms, const Caller& issuer, UnixTime now, Random& random);

// What a link may let its holder do: never hand in events, and nothing of the installation.
constexpr bool portal_role(Role role) {
  return role == Role::auditor || role == Role::operator_ || role == Role::tenant_admin;
}

// True for the exact shape that issue_portal_link() makes.
bool is_portal_link_shaped(std::string_view text);

PortalLinkHash hash_portal_link(std::string_view token);

}  // namespace opi::identity
