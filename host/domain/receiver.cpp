#include "domain/receiver.hpp"

#include <algorithm>

#include "domain/header_field.hpp"

namespace opi {
namespace {

std::string token_url_of(const Destination& destination) {
  const auto* client =
      destination.authorization ? std::get_if<ClientCredentialsAuthorization>(&*destination.authorization) : nullptr;
  return client == nullptr ? std::string{} : client->token_url;
}

bool is_current(const Destination& destination, const Credential& credential) {
  return std::ranges::none_of(destination.credentials, [&](const Credential& other) {
    return other.purpose == credential.purpose && other.version > credential.version;
  });
}

}  // namespace

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return lower_case(url);
  return lower_case(url.substr(0, std::min(url.find_first_of("/?#\\", scheme + 3), url.size())));
}

// Lines, in the order that the migrations of the stores know.
std::string receiver_of(const Destination& destination, std::string_view purpose) {
  std::string receiver = origin_of(destination.endpoint) + '\n' + destination.adapter;
  if (purpose == authorization_purpose) {
    const auto& how = destination.authorization;
    receiver.append("\n").append(how ? scheme_of(*how) : "");
    receiver.append("\n").append(how ? lower_case(header_of(*how)) : "");
  }
  // Without the token endpoint's name a certificate would be shown to whichever comes.
  if (is_purpose_of_the_host(purpose)) receiver.append("\n").append(token_url_of(destination));
  return receiver;
}

bool is_bound(const Destination& destination, const Credential& credential) {
  if (credential.purpose == authorization_purpose && !destination.authorization) return true;
  return credential.bound_to == receiver_of(destination, credential.purpose);
}

void bind_credentials(Destination& destination) {
  for (auto& credential : destination.credentials)
    if (credential.bound_to.empty()) credential.bound_to = receiver_of(destination, credential.purpose);
}

std::optional<std::string> unbound_purpose(const Destination& destination) {
  for (const auto& credential : destination.credentials)
    if (is_current(destination, credential) && !is_bound(destination, credential)) return credential.purpose;
  return std::nullopt;
}

}  // namespace opi
