#include "receiver/part.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace opi::receiver {

Part part_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, Part>, 11> parts{{
      {"healthy", Part::healthy},
      {"flaky", Part::flaky},
      {"throttling", Part::throttling},
      {"rejecting", Part::rejecting},
      {"gone", Part::gone},
      {"slow", Part::slow},
      {"resetting", Part::resetting},
      {"guarded", Part::guarded},
      {"token", Part::token},
      {"bench", Part::bench},
      {"_stats", Part::statistics},
  }};
  if (!path.starts_with('/')) return Part::unknown;
  path.remove_prefix(1);
  const auto name = path.substr(0, path.find('/'));
  const auto found = std::ranges::find(parts, name, &std::pair<std::string_view, Part>::first);
  return found == parts.end() ? Part::unknown : found->second;
}

std::optional<std::uint32_t> query_number(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.size() <= name.size() || !pair.starts_with(name) || pair[name.size()] != '=') continue;
    const auto digits = pair.substr(name.size() + 1);
    if (digits.empty() || digits.size() > 9) return std::nullopt;
    std::uint32_t number = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return number;
  }
  return std::nullopt;
}

Answer answer_of(Part part, std::uint32_t arrival, std::string_view query, std::chrono::milliseconds slow_delay) {
  const Answer fine{200, {}, {}, R"({"status":"accepted"})"};
  switch (part) {
    case Part::flaky:
      if (arrival <= 2) return {503, {}, {}, R"({"error":"upstream is restarting"})"};
      return fine;
    case Part::throttling:
      if (arrival <= 1) return {429, {}, "Retry-After: 1\r\n", R"({"error":"too many requests"})"};
      return fine;
    case Part::rejecting:
      // For the tests of redaction: none of this may be seen in an attempt's summary.
      return {
          400,
          {},
          {},
          R"({"error":"unknown field 'severity'","echo":{"authorization":"Bearer sk_live_51HxDEMOdemoDEMOdemo",)"
          R"("api_key":"AKIADEMODEMODEMODEMO","callback":"https://svc:hunter2@hooks.example.com/in?token=s3cr3t"}})"};
    case Part::gone: return {410, {}, {}, R"({"error":"this endpoint was removed"})"};
    case Part::slow: {
      Answer late = fine;
      late.delay = slow_delay;
      if (const auto delay = query_number(query, "delay_ms")) late.delay = std::chrono::milliseconds{*delay};
      return late;
    }
    case Part::resetting: {
      const auto first = query_number(query, "first");
      if (!first || arrival <= *first) return {0, {}, {}, {}};
      return fine;
    }
    case Part::unknown: return {404, {}, {}, R"({"error":"no such part"})"};
    case Part::healthy:
    case Part::guarded:
    case Part::token:
    case Part::bench:
    case Part::statistics: break;
  }
  return fine;
}

}  // namespace opi::receiver
