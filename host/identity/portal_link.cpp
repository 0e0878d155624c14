#include "identity/portal_link.hpp"

#include <algorithm>

#include "crypto/digest.hpp"

namespace opi::identity {
namespace {

constexpr std::string_view link_prefix = "opl_";
constexpr std::size_t link_entropy_bytes = 32;
constexpr std::size_t link_length = 4 + 43;  // base64url of 32 bytes, unpadded

}  // namespace

IssuedPortalLink issue_portal_link(PortalLinkTerms terms, const Caller& issuer, UnixTime now, Random& random) {
  std::array<std::uint8_t, link_entropy_bytes> entropy;
  random.fill(entropy);
  IssuedPortalLink issued;
  issued.token = std::string(link_prefix) + crypto::to_base64url(entropy);
  issued.record.hash = hash_portal_link(issued.token);
  issued.record.tenant = std::move(terms.tenant);
  issued.record.role = terms.role;
  issued.record.subject = std::move(terms.subject);
  issued.record.token = issuer.token;
  issued.record.expires_at = now + terms.valid_for;
  if (issuer.expires_at) issued.record.expires_at = std::min(issued.record.expires_at, *issuer.expires_at);
  issued.record.session_lifetime = terms.session_lifetime;
  issued.record.session_until = issuer.expires_at;
  return issued;
}

bool is_portal_link_shaped(std::string_view text) {
  return text.size() == link_length && text.starts_with(link_prefix) &&
         std::ranges::all_of(text, [](char c) { return ascii_alphanumeric(c) || c == '-' || c == '_'; });
}

PortalLinkHash hash_portal_link(std::string_view token) { return crypto::sha256(token); }

}  // namespace opi::identity
