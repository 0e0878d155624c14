#include "plugins/request_draft.hpp"

#include <algorithm>
#include <array>

#include "plugins/header_rules.hpp"

namespace opi::plugins {
namespace {

constexpr std::array<std::string_view, 5> methods{"GET", "POST", "PUT", "PATCH", "DELETE"};

}  // namespace

std::string quoted_name(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 128)) out += c > 0x1f && c < 0x7f ? c : '?';
  return out + '"';
}

opi_status RequestDraft::spoil(opi_status status, std::string text, bool retryable) {
  if (!spoilt_) {
    error_ = std::move(text);
    retryable_ = retryable;
  }
  spoilt_ = true;
  return status;
}

opi_status RequestDraft::method(const opi_str& method) {
  if (!is_sound(method) || std::ranges::find(methods, view(method)) == methods.end())
    return spoil(OPI_E_INVALID, "the adapter's HTTP method is not GET, POST, PUT, PATCH or DELETE");
  request_.method = view(method);
  return OPI_OK;
}

opi_status RequestDraft::url(const opi_str& url) {
  if (!is_sound(url)) return spoil(OPI_E_INVALID, "the adapter's URL is not a text");
  return take_url(view(url));
}

opi_status RequestDraft::take_url(std::string_view url) {
  if (url.size() > RequestLimits::url_bytes)
    return spoil(OPI_E_TOO_LARGE, "the URL is longer than " + std::to_string(RequestLimits::url_bytes) + " bytes");
  const auto origin = parse_origin(url);
  if (!origin)
    return spoil(OPI_E_INVALID, "the URL is not an absolute http or https URL without user information and fragment");
  if (!egress_covers(rules_.egress, *origin, rules_.endpoint))
    return spoil(OPI_E_DENIED, "the adapter's manifest does not let it send to the URL's host");
  request_.url = url;
  return OPI_OK;
}

opi_status RequestDraft::add_header(std::string_view name, std::string_view value) {
  auto& headers = request_.headers;
  if (value.size() > RequestLimits::header_value_bytes)
    return spoil(OPI_E_TOO_LARGE, "header " + quoted_name(name) + " is longer than " +
                                      std::to_string(RequestLimits::header_value_bytes) + " bytes");
  if (!is_header_name(name)) return spoil(OPI_E_INVALID, "header " + quoted_name(name) + " is not a valid name");
  if (!is_header_value(value))
    return spoil(OPI_E_INVALID, "header " + quoted_name(name) + " has a value that is not visible ASCII");
  const auto lower = lower_case(name);
  if (is_host_owned_header(lower)) return spoil(OPI_E_DENIED, "header " + quoted_name(name) + " is the host's to set");
  if (headers.size() == RequestLimits::headers)
    return spoil(OPI_E_TOO_LARGE, "there are more than " + std::to_string(RequestLimits::headers) + " headers");
  header_bytes_ += name.size() + value.size();
  if (header_bytes_ > RequestLimits::all_headers_bytes)
    return spoil(OPI_E_TOO_LARGE,
                 "the headers are longer than " + std::to_string(RequestLimits::all_headers_bytes) + " bytes");
  if (!header_names_.insert(lower).second) return spoil(OPI_E_INVALID, "header " + quoted_name(name) + " is set twice");
  headers.push_back({std::string(name), std::string(value)});
  return OPI_OK;
}

opi_status RequestDraft::header(const opi_str& name, const opi_str& value) {
  if (!is_sound(name) || !is_sound(value)) return spoil(OPI_E_INVALID, "a header of the adapter's is not a text");
  if (is_credential_header(lower_case(view(name).substr(0, 128))))
    return spoil(OPI_E_DENIED, "header " + quoted_name(view(name)) +
                                   " carries a credential: adapters set it by secret reference alone");
  return add_header(view(name), view(value));
}

opi_status RequestDraft::body(const opi_bytes& body) {
  if (!is_sound(body)) return spoil(OPI_E_INVALID, "the adapter's body is not a text");
  if (body.n > rules_.body_bytes)
    return spoil(OPI_E_TOO_LARGE, "the body is larger than " + std::to_string(rules_.body_bytes) + " bytes");
  request_.body = view(body);
  return OPI_OK;
}

}  // namespace opi::plugins
