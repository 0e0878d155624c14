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

// What the stores read where a row names no receiver, such as one that an older version wrote: bound to nobody, and no
// edit of the destination binds it. Only what is put is to be bound (an empty Credential::bound_to).
inline constexpr std::string_view of_nobody = "-";
inline std::string stored_receiver(std::string text) { return text.empty() ? std::string(of_nobody) : text; }

// Binds those that were put just now.
void bind_credentials(Destination& destination);

// The purpose of the first current credential that is not bound; nullopt if the destination may be sent to.
std::optional<std::string> unbound_purpose(const Destination& destination);

}  // namespace opi
