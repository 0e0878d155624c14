#include <algorithm>
#include <string>

#include "api/request_head_rules.hpp"
#include "fuzz/text.hpp"

namespace {

// Fields of this name, in whatever case, as a reader would count them that knows nothing of our rules.
std::size_t fields_named(std::string_view head, std::string_view name) {
  std::string lower(head);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::size_t count = 0;
  for (auto at = lower.find('\n'); at != std::string::npos; at = lower.find('\n', at + 1)) {
    auto line = std::string_view{lower}.substr(at + 1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    count += line.starts_with(':');
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  const auto end = api::end_of_head(input);
  // However the bytes came, in one piece or one after the other.
  std::optional<std::size_t> found;
  for (std::size_t seen = 0; seen < input.size() && !found; ++seen)
    found = api::end_of_head(input.substr(0, seen + 1), seen);
  fuzz::require(found == end, "the end of a head does not depend on how its bytes came");
  if (!end) return 0;
  fuzz::require(*end <= input.size(), "a head ends within what is there");
  const auto head = input.substr(0, *end);
  const auto judged = api::judge_head(head);
  if (const auto* refusal = std::get_if<api::Problem>(&judged)) {
    fuzz::require(refusal->status >= 400 && refusal->status < 600 && !refusal->title.empty(), "a refusal is a problem");
    return 0;
  }
  const auto framing = std::get<api::Framing>(judged);
  fuzz::require(head.size() <= api::HeadLimits::bytes, "a head is within its limit");
  fuzz::require(head.find('\0') == std::string_view::npos, "no NUL");
  for (auto at = head.find('\r'); at != std::string_view::npos; at = head.find('\r', at + 1))
    fuzz::require(head.substr(at + 1).starts_with('\n'), "no CR without LF");
  const auto lengths = fields_named(head, "content-length"), codings = fields_named(head, "transfer-encoding");
  fuzz::require(lengths <= 1 && codings <= 1 && lengths + codings <= 1, "there is one way to tell where the body ends");
  fuzz::require(fields_named(head, "host") <= 1, "there is one host at most");
  fuzz::require(framing.length == 0 || lengths == 1, "a body is announced");
  fuzz::require(framing.chunked == (codings == 1), "a coding is announced");
  return 0;
}
