#pragma once
#include <optional>
#include <string>

namespace opi::administration {

// Whether the host would connect to an endpoint at all. Thread-safe.
class EndpointCheck {
 public:
  virtual ~EndpointCheck() = default;
  // What is wrong with the URL, without repeating it; nullopt if nothing is. Refused are malformed URLs and those whose
  // host is, or resolves now to, nothing but addresses that may not be connected to. A name that cannot be resolved is
  // accepted: it may come. Blocks for a few seconds at most.
  virtual std::optional<std::string> fault(const std::string& url) = 0;
};

}  // namespace opi::administration
