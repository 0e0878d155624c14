#pragma once
#include <string>
#include <string_view>

#include "delivery/transport.hpp"
#include "egress/url.hpp"

namespace opi::egress {

struct RequestLimits {
  std::size_t headers = 100;
  std::size_t head_bytes = 32 * 1024;  // request line and all headers
};

// Writes the request line and the headers, with host, content-length and, where the request has none of
// its own, user-agent. Returns what is wrong instead of writing a head that could be read in two ways: a
// method or name that is no token, control characters in a value, or a header that is the transport's own.
// Neither text contains a value. Pure.
struct RequestHead {
  std::string bytes;  // empty if refused
  std::string error;
};
RequestHead write_request_head(const delivery::HttpRequest& request, const Url& url, const RequestLimits& limits,
                               std::string_view user_agent);

}  // namespace opi::egress
