#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "delivery/transport.hpp"
#include "plugins/abi.hpp"
#include "plugins/url_origin.hpp"

namespace opi::plugins {

// Beside the body's, which is Component::body_bytes.
struct RequestLimits {
  static constexpr std::size_t url_bytes = 2048, headers = 64, header_value_bytes = 8 * 1024,
                               all_headers_bytes = 32 * 1024;
  static constexpr std::size_t macs = 16;                         // mac() calls of one render
  static constexpr std::size_t mac_data_bytes = 2 * 1024 * 1024;  // of each
};

// What a destination's adapter may put into a request.
struct RequestRules {
  const std::vector<std::string>& egress;  // as in the manifest
  std::optional<UrlOrigin> endpoint;
  std::size_t body_bytes = 0;
};

// A request that an adapter puts together, as far as it needs no secret: each op is judged and taken or refused. The
// first refusal spoils the whole. Single-threaded; one render.
class RequestDraft {
 public:
  // Borrows the rules.
  explicit RequestDraft(const RequestRules& rules) : rules_(rules) { request_.method = "POST"; }

  opi_status method(const opi_str& method);
  opi_status url(const opi_str& url);
  opi_status header(const opi_str& name, const opi_str& value);
  opi_status body(const opi_bytes& body);

  // For values that the adapter does not see.
  opi_status take_url(std::string_view url);
  opi_status add_header(std::string_view name, std::string_view value);

  opi_status spoil(opi_status status, std::string text, bool retryable = false);
  [[nodiscard]] bool is_spoilt() const { return spoilt_; }
  // Why, for people; empty if nobody could say.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool is_retryable() const { return retryable_; }
  void mark_retryable() { retryable_ = true; }
  // For a failure in the midst of an op.
  void spoil_by_accident() { spoilt_ = retryable_ = true; }

  [[nodiscard]] bool has_header(const std::string& lower_case_name) const {
    return header_names_.contains(lower_case_name);
  }
  [[nodiscard]] delivery::HttpRequest& request() { return request_; }

 private:
  const RequestRules& rules_;
  delivery::HttpRequest request_;
  std::set<std::string> header_names_;
  std::size_t header_bytes_ = 0;
  std::string error_;
  bool retryable_ = false, spoilt_ = false;
};

// A name from outside as a message may repeat it: short, in quotes, without control characters.
std::string quoted_name(std::string_view text);

}  // namespace opi::plugins
