#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "domain/destination.hpp"

// To whom a secret may go. A credential is put for one receiver and names it (Credential::bound_to); whatever changes
// the destination afterwards, the secret goes nowhere else. Pure.
namespace opi {

// Scheme, host and port of a URL as they are written, in lower case: equal texts are the same origin.
std::string origin_of(std::string_view url);

// The receiver of a purpose's secret at this destination: its origin and adapter, and what else decides where the host
// itself puts the secret, such as the authorization's scheme, header and token_url.
std::string receiver_of(const Destination& destination, std::string_view purpose);

// Whether the secret may be used: the destination's receiver is the one that it was put for, or it is not used at all.
bool is_bound(const Destination& destination, const Credential& credential);

// Binds those that are bound to nothing yet.
void bind_credentials(Destination& destination);

// The purpose of the first current credential that is not bound; nullopt if the destination may be sent to.
std::optional<std::string> unbound_purpose(const Destination& destination);

}  // namespace opi
