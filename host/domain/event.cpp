#include "domain/event.hpp"

#include <algorithm>
#include <array>

namespace opi {
namespace {

// Of deliveries, and of alerts about them.
constexpr std::array<std::string_view, 2> host_prefixes{"ticket.delivery.", "integration.alert."};

bool has_host_prefix(std::string_view text) {
  return std::ranges::any_of(host_prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

}  // namespace

bool is_host_event_type(std::string_view event_type) {
  return event_type == test_event_type || has_host_prefix(event_type);
}

bool is_event_type(std::string_view text) {
  if (text.empty() || text.size() > EventLimits::event_type_length) return false;
  char previous = '.';
  for (const char c : text) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!word && !(c == '.' && previous != '.')) return false;
    previous = c;
  }
  return previous != '.';
}

bool is_subscription(std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern.ends_with(".*")) pattern.remove_suffix(2);
  return is_event_type(pattern);
}

bool subscription_matches(std::string_view pattern, std::string_view event_type) {
  if (pattern != event_type && is_host_event_type(event_type) && !has_host_prefix(pattern)) return false;
  if (pattern == "*") return true;
  if (pattern.ends_with(".*")) return event_type.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == event_type;
}

}  // namespace opi
