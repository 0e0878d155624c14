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
constexpr std::size_t max_known_name_bytes = 32;

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
  bool chunked = false;

  [[nodiscard]] int times(std::string_view name) const {
    return seen[static_cast<std::size_t>(std::ranges::find(single_fields, name) - single_fields.begin())];
  }
};

std::optional<Problem> judge_request_line(std::string_view line, bool& is_1_1) {
  const auto first = line.find(' '), last = line.rfind(' ');
  const bool three = first != std::string_view::npos && last > first;
  const auto target = three ? line.substr(first + 1, last - first - 1) : std::string_view{};
  const auto version = three ? line.substr(last + 1) : std::string_view{};
  if (!three || first > max_method_bytes || !is_token(line.substr(0, first)) || target.empty() ||
      !std::ranges::all_of(target, is_visible) || (version != "HTTP/1.1" && version != "HTTP/1.0"))
    return bad_request("The request line is not 'METHOD target HTTP/1.1'");
  is_1_1 = version == "HTTP/1.1";
  return std::nullopt;
}

std::optional<Problem> judge_field(std::string_view line, Fields& fields) {
  if (++fields.count > HeadLimits::fields)
    return head_too_large("A request may have at most " + std::to_string(HeadLimits::fields) + " header fields");
  const auto colon = line.find(':');
  const auto name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || name.size() > max_name_bytes || !is_token(name))
    return bad_request("A header line is not 'Name: value'");  // a folded one among them
  const auto value = trimmed(line.substr(colon + 1));
  if (!std::ranges::all_of(value, may_be_in_value)) return bad_request("A header value holds control characters");
  const auto known = lower(name);
  const auto single = std::ranges::find(single_fields, known);
  if (single == single_fields.end()) return std::nullopt;
  if (++fields.seen[static_cast<std::size_t>(single - single_fields.begin())] > 1)
    return bad_request("The header " + known + " stands there twice");
  if (known == "content-length" &&
      (value.empty() || value.size() > 18 || !std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })))
    return bad_request("Content-Length is not a number");
  if (known == "transfer-encoding") {
    if (lower(value) != "chunked") return bad_request("The only transfer coding that is understood is chunked");
    fields.chunked = true;
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

std::size_t plain_body_bytes(std::string_view head, std::size_t most) {
  std::size_t announced = 0;
  for (auto at = head.find(line_end); at != std::string_view::npos; at = head.find(line_end)) {
    head.remove_prefix(at + line_end.size());
    const auto line = head.substr(0, head.find(line_end));
    const auto colon = line.find(':');
    if (colon > max_known_name_bytes) continue;  // npos too
    const auto name = lower(line.substr(0, colon));
    if (name == "expect" || name == "transfer-encoding") return 0;
    if (name != "content-length") continue;
    if (announced != 0) return 0;
    const auto value = trimmed(line.substr(colon + 1));
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), announced);
    if (failure != std::errc{} || end != value.data() + value.size() || announced > most) return 0;
  }
  return announced;
}

std::optional<Problem> judge_head(std::string_view head) {
  Fields fields;
  bool is_1_1 = false, request_line = true;
  while (head != line_end) {
    const auto end = head.find(line_end);
    if (end == std::string_view::npos) return bad_request("The head is incomplete");
    const auto line = head.substr(0, end);
    head.remove_prefix(end + line_end.size());
    if (line.size() > HeadLimits::line_bytes)
      return head_too_large("A line of the head may have at most " + std::to_string(HeadLimits::line_bytes) + " bytes");
    auto problem = request_line ? judge_request_line(line, is_1_1) : judge_field(line, fields);
    if (problem) return problem;
    request_line = false;
  }
  if (fields.chunked && (fields.times("content-length") > 0 || !is_1_1))
    return bad_request("Transfer-Encoding does not go with Content-Length or HTTP/1.0");
  if (is_1_1 && fields.times("host") == 0) return bad_request("The header Host is missing");
  return std::nullopt;
}

}  // namespace opi::api
