#include "domain/timestamp.hpp"

#include <algorithm>
#include <cstdio>

namespace opi {
namespace {

// Reads `count` digits and the character after them off the front; -1 if they are not there.
int take(std::string_view& text, std::size_t count, std::string_view delimiters) {
  if (text.size() < count) return -1;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  if (delimiters.empty()) return value;
  if (text.empty() || delimiters.find(text.front()) == std::string_view::npos) return -1;
  text.remove_prefix(1);
  return value;
}

// Milliseconds of ".123456"; -1 if there is a dot without digits.
int take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  int value = 0;
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits)
    if (digits < 3) value = value * 10 + (text.front() - '0');
  if (digits == 0) return -1;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

// The zone's distance from UTC.
std::optional<std::chrono::minutes> take_zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes{0};
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const int hours = take(text, 2, ":"), minutes = take(text, 2, "");
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours{hours} + std::chrono::minutes{minutes});
}

}  // namespace

std::string to_rfc3339(UnixTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[40];
  const int length =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(length)};
}

std::optional<UnixTime> parse_rfc3339(std::string_view text) {
  const int year = take(text, 4, "-"), month = take(text, 2, "-"), day = take(text, 2, "Tt");
  const int hour = take(text, 2, ":"), minute = take(text, 2, ":"), second = take(text, 2, "");
  const int fraction = take_fraction(text);
  if (std::min({year, month, day, hour, minute, second, fraction}) < 0) return std::nullopt;
  const auto zone = take_zone(text);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!zone || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + std::chrono::milliseconds{fraction} - *zone;
}

}  // namespace opi
