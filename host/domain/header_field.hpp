#pragma once
#include <string>
#include <string_view>

namespace opi {

// RFC 9110 tokens and field values, as the host lets them be sent.
bool is_header_name(std::string_view name);    // a token of 1 to 128 characters
bool is_header_value(std::string_view value);  // visible ASCII with inner spaces and tabs; may be empty

// About the connection or the message's framing, in lower case: nobody's but the host's.
bool is_host_owned_header(std::string_view name);

std::string lower_case(std::string_view text);  // of ASCII

}  // namespace opi
