#include "api/request_head_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "domain/ids.hpp"

namespace opi::api {
namespace {

constexpr std::string_view line_end = "\r\n", head_end = "\r\n\r\n";
constexpr std::size_t max_method_bytes = 32, max_name_bytes = 256;
constexpr std::size_t max_length_digits = 18;

// Whoever sends one of these twice wants two readers to take a different one each.
constexpr std::array single_fields{std::string_view{"host"},          std::string_view{"content-length"},
                                   std::string_view{"content-type"},  std::string_view{"transfer-encoding"},
                                   std::string_view{"authorization"}, std::string_view{"cookie"},
                                   std::string_view{"if-match"},      std::string_view{"x-tenant-id"},
                                   std::string_view{"x-csrf-token"}};

bool is_token(std::string_view text) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return ascii_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_visible(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }
bool may_be_in_value(char c) { return is_visible(c) || c == ' ' || c == '\t'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// What the fields say together.
struct Fields {
  std::size_t count = 0;
  std::array<int, single_fields.size()> seen{};
  bool close = false, keep_alive = false;  // what Connection names

  [[nodiscard]] int times(std::string_view name) const {
    return seen[static_cast<std::size_t>(std::ranges::find(single_fields, name) - single_fields.begin())];
  }
};

void read_connection(std::string_view options, Fields& fields) {
  while (!options.empty()) {
    const auto end = std::min(options.find(','), options.size());
    const auto option = trimmed(options.substr(0, end));
    options.remove_prefix(std::min(end + 1, options.size()));
    fields.close = fields.close || option == "close";
    fields.keep_alive = fields.keep_alive || option == "keep-alive";
  }
}

std::optional<Problem> judge_request_line(std::string_view line, Framing& framing) {
  const auto first = line.find(' '), last = line.rfind(' ');
  const bool three = first != std::string_view::npos && last > first;
  const auto target = three ? line.substr(first + 1, last - first - 1) : std::string_view{};
  const auto version = three ? line.substr(last + 1) : std::string_view{};
  if (!three || first > max_method_bytes || !is_token(line.substr(0, first)) || target.empty() ||
      !std::ranges::all_of(target, is_visible) || (version != "HTTP/1.1" && version != "HTTP/1.0"))
    return bad_request("The request line is not 'METHOD target HTTP/1.1'");
  framing.is_1_1 = version == "HTTP/1.1";
  return std::nullopt;
}

std::optional<Problem> judge_field(std::string_view line, Fields& fields, Framing& framing) {
  if (++fields.count > HeadLimits::fields)
    return head_too_large("A request may have at most " + std::to_string(HeadLimits::fields) + " header fields");
  const auto colon = line.find(':');
  const auto name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || name.size() > max_name_bytes || !is_token(name))
    return bad_request("A header line is not 'Name: value'");  // a folded one among them
  const auto value = trimmed(line.substr(colon + 1));
  if (!std::ranges::all_of(value, may_be_in_value)) return bad_request("A header value holds control characters");
  const auto known = lower(name);
  if (known == "connection") read_connection(lower(value), fields);
  if (known == "expect" && lower(value) == "100-continue") framing.expects_continue = true;
  const auto single = std::ranges::find(single_fields, known);
  if (single == single_fields.end()) return std::nullopt;
  if (++fields.seen[static_cast<std::size_t>(single - single_fields.begin())] > 1)
    return bad_request("The header " + known + " stands there twice");
  if (known == "content-length") {
    if (value.empty() || value.size() > max_length_digits || !std::ranges::all_of(value, is_digit))
      return bad_request("Content-Length is not a number");
    std::from_chars(value.data(), value.data() + value.size(), framing.length);
  }
  if (known == "transfer-encoding") {
    if (lower(value) != "chunked") return bad_request("The only transfer coding that is understood is chunked");
    framing.chunked = true;
  }
  return std::nullopt;
}

}  // namespace

Problem head_too_large(std::string detail) {
  Problem problem;
  problem.status = 431;
  problem.code = "head-too-large";
  problem.title = "The request's head is too large";
  problem.detail = std::move(detail);
  return problem;
}

std::optional<std::size_t> end_of_head(std::string_view bytes, std::size_t looked_at) {
  const auto from = looked_at < head_end.size() ? 0 : looked_at - (head_end.size() - 1);
  const auto at = bytes.find(head_end, from);
  return at == std::string_view::npos ? std::nullopt : std::optional{at + head_end.size()};
}

bool is_field_line(std::string_view line) {
  const auto colon = line.find(':');
  return colon != std::string_view::npos && colon <= max_name_bytes && is_token(line.substr(0, colon)) &&
         std::ranges::all_of(line.substr(colon + 1), may_be_in_value);
}

std::variant<Framing, Problem> judge_head(std::string_view head) {
  Fields fields;
  Framing framing;
  bool request_line = true;
  while (head != line_end) {
    const auto end = head.find(line_end);
    if (end == std::string_view::npos) return bad_request("The head is incomplete");
    const auto line = head.substr(0, end);
    head.remove_prefix(end + line_end.size());
    if (line.size() > HeadLimits::line_bytes)
      return head_too_large("A line of the head may have at most " + std::to_string(HeadLimits::line_bytes) + " bytes");
    auto problem = request_line ? judge_request_line(line, framing) : judge_field(line, fields, framing);
    if (problem) return *std::move(problem);
    request_line = false;
  }
  if (framing.chunked && (fields.times("content-length") > 0 || !framing.is_1_1))
    return bad_request("Transfer-Encoding does not go with Content-Length or HTTP/1.0");
  if (framing.is_1_1 && fields.times("host") == 0) return bad_request("The header Host is missing");
  framing.keep_alive = !fields.close && (framing.is_1_1 || fields.keep_alive);
  // HTTP/1.0 knows no interim answers.
  framing.expects_continue = framing.expects_continue && framing.is_1_1;
  return framing;
}

std::optional<Problem> judge_body(const Framing& framing, std::size_t limit) {
  if (!framing.chunked && framing.length > limit) return body_too_large(limit);
  if (limit > HeadLimits::collected_body_bytes || (!framing.chunked && !framing.expects_continue)) return std::nullopt;
  if (!framing.chunked && framing.length == 0) return std::nullopt;
  Problem problem;
  problem.status = 411;
  problem.code = "length-required";
  problem.title = "The length of the body is required";
  problem.detail = "Send the body at once, with Content-Length";
  return problem;
}

Problem body_too_large(std::size_t limit) {
  return too_large("The body may have at most " + std::to_string(limit) + " bytes");
}

}  // namespace opi::api
