#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace opi {

// The purposes of credentials that the host itself uses; adapters have no slots of these names.
inline constexpr std::string_view authorization_purpose = "authorization";
inline constexpr std::string_view client_certificate_purpose = "client_certificate";

constexpr bool is_purpose_of_the_host(std::string_view purpose) {
  return purpose == authorization_purpose || purpose == client_certificate_purpose;
}

struct AuthorizationLimits {
  static constexpr std::size_t username_length = 255, prefix_length = 64, token_url_length = 2048;
  static constexpr std::size_t client_id_length = 512, scope_length = 1024, audience_length = 1024;
  static constexpr std::size_t json_bytes = 8192;  // as stored
};

// How the host authorises requests to a destination, each with the current secret of the purpose "authorization".

struct BearerAuthorization {  // RFC 6750: the secret is the token
  bool operator==(const BearerAuthorization&) const = default;
};

struct BasicAuthorization {  // RFC 7617: the secret is the password
  std::string username;      // without ':' and control characters
  bool operator==(const BasicAuthorization&) const = default;
};

struct HeaderAuthorization {
  std::string header, prefix;  // the value is prefix and secret
  bool operator==(const HeaderAuthorization&) const = default;
};

enum class MacEncoding { hex, base64 };

struct HmacAuthorization {     // HMAC-SHA256 of the body, keyed with the secret
  std::string header, prefix;  // the value is prefix and MAC
  MacEncoding encoding = MacEncoding::hex;
  bool operator==(const HmacAuthorization&) const = default;
};

enum class ClientAuthentication { basic, post };

struct ClientCredentialsAuthorization {  // RFC 6749 section 4.4: the secret is the client's
  std::string token_url;                 // absolute http(s) URL; write-only towards people
  std::string client_id;
  std::string scope, audience;  // empty: not asked for
  ClientAuthentication client_authentication = ClientAuthentication::basic;
  bool operator==(const ClientCredentialsAuthorization&) const = default;
};

using Authorization = std::variant<BearerAuthorization, BasicAuthorization, HeaderAuthorization, HmacAuthorization,
                                   ClientCredentialsAuthorization>;

// As documents name it.
std::string_view scheme_of(const Authorization& authorization);

// The header of the request that carries it.
std::string_view header_of(const Authorization& authorization);

// Whether an authorisation may use this header: a name, and neither hop-by-hop nor one that the host sets itself.
bool may_authorize(std::string_view header);

}  // namespace opi
