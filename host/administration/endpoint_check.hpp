#pragma once
#include <optional>
#include <string>

namespace opi::administration {

// Whether the host would connect to an endpoint at all. Thread-safe.
class EndpointCheck {
 public:
  virtual ~EndpointCheck() = default;
  // What is wrong with the URL, without repeating it; nullopt if nothing is. Refused are malformed URLs, addresses that
  // may not be connected to, and plain HTTP to a name behind which everybody may be reached with TLS alone. Whether any
  // other name leads nowhere or into a guarded network makes no difference. Blocks for a few seconds at most.
  virtual std::optional<std::string> fault(const std::string& url) = 0;
};

}  // namespace opi::administration
