#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opi::receiver {

// What a path plays. A suffix changes nothing: /flaky/acme is /flaky with statistics of its own.
enum class Part {
  healthy,     // 200
  flaky,       // 503 twice, then 200, per id
  throttling,  // 429 with Retry-After: 1 once, then 200, per id
  rejecting,   // 400, with a body that echoes something that looks like a secret
  gone,        // 410
  slow,        // 200 after a delay, ?delay_ms= overrides the receiver's own
  resetting,   // reset after the request was read; with ?first=n only the first n times per id, then 200
  guarded,     // 200 for requests with an Authorization that the receiver knows, else 401
  token,       // a token endpoint (RFC 6749 section 4.4), see authorization_server.hpp
  bench,       // 200 at once, nothing verified
  statistics,  // GET /_stats, ?acceptances=1 lists the accepted ids
  unknown,     // 404
};

Part part_of(std::string_view path);

// A number from the query ("?first=2"); nullopt if it is not there or no number of at most 9 digits.
std::optional<std::uint32_t> query_number(std::string_view query, std::string_view name);

struct Answer {
  int status = 200;  // 0: reset the connection
  std::chrono::milliseconds delay{0};
  std::string_view headers;  // whole lines
  std::string body;
};

// How a part answers the arrival number `arrival` of an id; counts from 1. Pure.
Answer answer_of(Part part, std::uint32_t arrival, std::string_view query, std::chrono::milliseconds slow_delay);

}  // namespace opi::receiver
