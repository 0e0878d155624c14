#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/json_fields.hpp"
#include "domain/destination.hpp"

namespace opi::delivery {

// Reads a document's `authorization`, which stands at `path`. A token_url that is left out is that of `stored`, if that
// has one. nullopt if something is wrong; then `errors` name the members.
std::optional<Authorization> read_authorization(const boost::json::object& object, const std::string& path,
                                                const std::optional<Authorization>& stored,
                                                std::vector<FieldError>& errors);

// All members, as read_authorization() takes them.
boost::json::object to_json(const Authorization& authorization);

// As a store keeps it. The other way answers nullopt for a text that is not its like: without authorisation the
// destination must not be sent to.
std::optional<std::string> authorization_text(const std::optional<Authorization>& authorization);
std::optional<Authorization> parse_authorization_text(std::string_view text);

bool is_https(std::string_view url);

// What is wrong with that member of a destination that has a client certificate.
inline constexpr const char* needs_https = "must be https: the destination has a client certificate";

// A client certificate is shown in TLS alone: the destination's member that would go without, nullopt if none would.
std::optional<std::string> member_without_tls(const Destination& destination);

}  // namespace opi::delivery
