#pragma once
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <opi/plugin.hpp>
#include <string_view>

#include "opi/kit/retry_after_value.hpp"

namespace opi::kit {

// The longest of the waits that Retry-After and the vendor's own headers ask for; zero: none. `reset_headers` hold
// seconds from now or, if that is no sensible wait, a Unix time in seconds.
inline std::chrono::milliseconds wait_of(const sdk::Delivery& delivery, const sdk::Response& response,
                                         std::initializer_list<std::string_view> reset_headers = {}) {
  const auto now = delivery.now_unix_ms();
  std::chrono::milliseconds wait{0};
  if (const auto after = response.header("retry-after")) wait = parse_retry_after(*after, now).value_or(wait);
  for (const auto name : reset_headers) {
    const auto value = response.header(name);
    std::uint64_t seconds = 0;
    if (!value || std::from_chars(value->data(), value->data() + value->size(), seconds).ec != std::errc{}) continue;
    if (seconds > 100'000'000'000) continue;  // no time that anyone means
    if (seconds >= 1'000'000'000) seconds = seconds * 1000 > now ? (seconds * 1000 - now + 999) / 1000 : 0;
    if (seconds <= 30 * 86'400) wait = std::max(wait, std::chrono::milliseconds{seconds * 1000});
  }
  return wait;
}

}  // namespace opi::kit
