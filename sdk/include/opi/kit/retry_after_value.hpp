#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opi::kit {
namespace detail {

using std::chrono::milliseconds;
using std::chrono::seconds;
inline constexpr milliseconds longest_wait = std::chrono::days{30};

inline std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
  return value;
}

inline std::optional<unsigned> month(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<unsigned>(found - names.begin()) + 1;
}

inline std::optional<seconds> time_of_day(std::string_view text) {  // 08:49:37
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto h = number(text.substr(0, 2)), m = number(text.substr(3, 2)), s = number(text.substr(6, 2));
  if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
  return std::chrono::hours{*h} + std::chrono::minutes{*m} + seconds{*s};
}

inline std::optional<seconds> unix_time(std::string_view year, std::string_view month_name, std::string_view day,
                                        std::string_view time) {
  if (day.starts_with(' ')) day.remove_prefix(1);
  const auto y = number(year), d = number(day);
  const auto m = month(month_name);
  const auto t = time_of_day(time);
  if (!y || !m || !d || !t) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*y}, std::chrono::month{*m},
                                         std::chrono::day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch() + *t;
}

inline std::optional<seconds> http_date(std::string_view text, std::uint64_t now_unix_ms) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (text.size() == 29 && text.substr(3, 2) == ", " && text[7] == ' ' && text[11] == ' ' && text[16] == ' ' &&
      text.ends_with(" GMT"))
    return unix_time(text.substr(12, 4), text.substr(8, 3), text.substr(5, 2), text.substr(17, 8));
  // Sun Nov  6 08:49:37 1994
  if (text.size() == 24 && text[3] == ' ' && text[7] == ' ' && text[10] == ' ' && text[19] == ' ')
    return unix_time(text.substr(20, 4), text.substr(4, 3), text.substr(8, 2), text.substr(11, 8));
  // Sunday, 06-Nov-94 08:49:37 GMT: a year more than 50 years ahead is the past century's
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(comma + 2);
  if (rest.size() != 22 || rest[2] != '-' || rest[6] != '-' || rest[9] != ' ' || !rest.ends_with(" GMT"))
    return std::nullopt;
  const auto short_year = number(rest.substr(7, 2));
  if (!short_year) return std::nullopt;
  const std::chrono::year_month_day today{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<milliseconds>{milliseconds{now_unix_ms}})};
  int year = static_cast<int>(today.year()) / 100 * 100 + *short_year;
  if (year > static_cast<int>(today.year()) + 50) year -= 100;
  return unix_time(std::to_string(year), rest.substr(3, 3), rest.substr(0, 2), rest.substr(10, 8));
}

}  // namespace detail

// The wait that a Retry-After value asks for (RFC 9110 section 10.2.3): seconds, or an HTTP date in any of its three
// forms relative to now. A date in the past is zero; malformed values are nullopt; at most 30 days.
inline std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, std::uint64_t now_unix_ms) {
  using std::chrono::milliseconds;
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  if (value.empty()) return std::nullopt;
  if (std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    std::uint64_t wait = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), wait);
    if (error != std::errc{} || wait > std::uint64_t{30} * 86'400) return detail::longest_wait;
    return std::chrono::seconds{wait};
  }
  const auto date = detail::http_date(value, now_unix_ms);
  if (!date) return std::nullopt;
  return std::clamp(milliseconds{*date} - milliseconds{now_unix_ms}, milliseconds{0}, detail::longest_wait);
}

}  // namespace opi::kit
