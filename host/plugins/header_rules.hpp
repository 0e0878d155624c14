#pragma once
#include <string>
#include <string_view>

namespace opi::plugins {

// RFC 9110 tokens and field values, as the host lets adapters send them.
bool is_header_name(std::string_view name);    // a token of 1 to 128 characters
bool is_header_value(std::string_view value);  // visible ASCII with inner spaces and tabs; may be empty

// In lower case:
bool is_host_owned_header(std::string_view name);  // about the connection or the message's framing: never an adapter's
bool is_credential_header(std::string_view name);  // carries a credential: only by secret reference

std::string lower_case(std::string_view text);

}  // namespace opi::plugins
