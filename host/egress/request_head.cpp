#include "egress/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace opi::egress {
namespace {

// RFC 9110 section 5.6.2.
constexpr std::array<bool, 256> token_table = [] {
  std::array<bool, 256> table{};
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return token_table[c]; });
}

// RFC 9110 section 5.5: visible characters, space, tab and bytes above 0x7f.
bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

bool same_name(std::string_view name, std::string_view lower_case) {
  return name.size() == lower_case.size() && std::ranges::equal(name, lower_case, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

// They decide where the message goes, how long it is or what becomes of the connection.
constexpr std::array<std::string_view, 10> transport_headers{
    "host", "content-length",   "connection", "transfer-encoding", "keep-alive",
    "te",   "proxy-connection", "trailer",    "upgrade",           "expect"};

bool is_transport_header(std::string_view name) {
  return std::ranges::any_of(transport_headers, [&](std::string_view own) { return same_name(name, own); });
}

bool may_carry_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

std::string fault_of(const delivery::HttpRequest& request, const RequestLimits& limits) {
  if (!is_token(request.method)) return "the request's method is not a token";
  if (request.method == "CONNECT") return "the method CONNECT is not supported";
  if (request.headers.size() > limits.headers)
    return "the request has more than " + std::to_string(limits.headers) + " headers";
  for (const auto& header : request.headers) {
    if (!is_token(header.name)) return "a name among the request's headers is not a token";
    if (!is_field_value(header.value))
      return "the request header " + header.name + " has a control character in its value";
    if (is_transport_header(header.name)) return "the request header " + header.name + " is the transport's own";
  }
  return {};
}

}  // namespace

RequestHead write_request_head(const delivery::HttpRequest& request, const Url& url, const RequestLimits& limits,
                               std::string_view user_agent) {
  RequestHead head;
  head.error = fault_of(request, limits);
  if (!head.error.empty()) return head;

  std::size_t size = request.method.size() + url.target.size() + url.host.size() + user_agent.size() + 96;
  for (const auto& header : request.headers) size += header.name.size() + header.value.size() + 4;
  std::string& bytes = head.bytes;
  bytes.reserve(size);
  bytes.append(request.method).append(" ").append(url.target).append(" HTTP/1.1\r\nHost: ").append(url.authority());
  bytes.append("\r\n");
  bool has_user_agent = user_agent.empty();
  for (const auto& header : request.headers) {
    has_user_agent = has_user_agent || same_name(header.name, "user-agent");
    bytes.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!has_user_agent) bytes.append("User-Agent: ").append(user_agent).append("\r\n");
  if (!request.body.empty() || may_carry_body(request.method)) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), request.body.size()).ptr;
    bytes.append("Content-Length: ").append(digits.data(), end).append("\r\n");
  }
  bytes.append("\r\n");
  if (bytes.size() > limits.head_bytes) {
    head.error = "the request's headers are longer than " + std::to_string(limits.head_bytes) + " bytes";
    bytes.clear();
  }
  return head;
}

}  // namespace opi::egress
