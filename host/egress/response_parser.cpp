#include "egress/response_parser.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>

namespace opi::egress {

namespace http = boost::beast::http;

ResponseParser::ResponseParser(const ResponseLimits& limits, delivery::HttpResponse& response, bool answers_head)
    : limits_(limits), response_(response) {
  eager(true);
  body_limit(boost::none);  // a long body is cut, not refused: see take()
  header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  skip(answers_head);
}

void ResponseParser::count(std::size_t bytes, error_code& ec) {
  header_bytes_ += bytes;
  if (header_bytes_ > limits_.header_bytes) ec = http::error::header_limit;
}

void ResponseParser::on_response_impl(int code, string_view reason, int version, error_code& ec) {
  if (code < 100 || code > 599) {
    ec = http::error::bad_status;
    return;
  }
  response_.status = code;
  version_ = version;
  count(reason.size() + 15, ec);  // "HTTP/1.1 200 " and the line's end
}

void ResponseParser::on_field_impl(field name, string_view name_text, string_view value, error_code& ec) {
  if (++header_count_ > limits_.headers) {
    ec = http::error::header_limit;
    return;
  }
  count(name_text.size() + value.size() + 4, ec);
  if (ec || in_trailers_) return;
  // Other codings would have to be decoded to find the end; in HTTP/1.0 the field has no meaning
  // (RFC 9112 section 6.1).
  if (name == field::transfer_encoding && (version_ < 11 || !boost::beast::iequals(value, "chunked"))) {
    ec = http::error::bad_transfer_encoding;
    return;
  }
  response_.headers.push_back({{name_text.data(), name_text.size()}, {value.data(), value.size()}});
}

void ResponseParser::on_header_impl(error_code& ec) {
  in_trailers_ = true;
  // We never ask for an upgrade.
  if (response_.status == 101) ec = http::error::bad_status;
}

void ResponseParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  if (length) response_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, limits_.body_bytes)));
}

std::size_t ResponseParser::take(string_view body, error_code& ec) {
  const std::size_t taken = std::min(body.size(), limits_.body_bytes - response_.body.size());
  response_.body.append(body.data(), taken);
  if (taken < body.size()) {
    response_.body_truncated = true;
    ec = http::error::body_limit;
  }
  return taken;
}

}  // namespace opi::egress
