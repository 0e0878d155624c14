#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <string>

#include "delivery/transport.hpp"

namespace opi::egress {

struct ResponseLimits {
  std::size_t body_bytes = 64 * 1024;
  std::size_t headers = 100;
  std::size_t header_bytes = 16 * 1024;  // status line, names, values and what separates them
};

// Reads one response into an HttpResponse and stops at the limits. Beast's parser underneath refuses what
// two readers could understand differently: conflicting lengths, bare line feeds, malformed chunks.
class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  // `limits` and `response` outlive the parser.
  ResponseParser(const ResponseLimits& limits, delivery::HttpResponse& response, bool answers_head);

  // The body went on beyond the limit: the response is whole as far as we want it, the connection is spent.
  [[nodiscard]] bool body_truncated() const { return response_.body_truncated; }
  // Not the answer yet: 100 Continue, 103 Early Hints and their like.
  [[nodiscard]] bool is_interim() const { return response_.status < 200; }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  using field = boost::beast::http::field;

  std::size_t take(string_view body, error_code& ec);
  void count(std::size_t bytes, error_code& ec);

  void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view reason, int version, error_code& ec) override;
  void on_field_impl(field name, string_view name_text, string_view value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override;
  std::size_t on_body_impl(string_view body, error_code& ec) override { return take(body, ec); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) override { return take(body, ec); }
  void on_finish_impl(error_code&) override {}

  const ResponseLimits& limits_;
  delivery::HttpResponse& response_;
  std::size_t header_bytes_ = 0;
  std::size_t header_count_ = 0;  // trailers included
  int version_ = 11;
  bool in_trailers_ = false;
};

}  // namespace opi::egress
