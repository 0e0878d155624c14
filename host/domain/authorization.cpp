#include "domain/authorization.hpp"

#include "domain/header_field.hpp"

namespace opi {

std::string_view scheme_of(const Authorization& authorization) {
  struct Name {
    std::string_view operator()(const BearerAuthorization&) const { return "bearer"; }
    std::string_view operator()(const BasicAuthorization&) const { return "basic"; }
    std::string_view operator()(const HeaderAuthorization&) const { return "header"; }
    std::string_view operator()(const HmacAuthorization&) const { return "hmac"; }
    std::string_view operator()(const ClientCredentialsAuthorization&) const { return "oauth2_client_credentials"; }
  };
  return std::visit(Name{}, authorization);
}

std::string_view header_of(const Authorization& authorization) {
  if (const auto* own = std::get_if<HeaderAuthorization>(&authorization)) return own->header;
  if (const auto* own = std::get_if<HmacAuthorization>(&authorization)) return own->header;
  return "Authorization";
}

bool may_authorize(std::string_view header) {
  if (!is_header_name(header)) return false;
  const auto name = lower_case(header);
  return !is_host_owned_header(name) && name != "user-agent";
}

}  // namespace opi
