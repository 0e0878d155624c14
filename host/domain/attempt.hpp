#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clock.hpp"

namespace opi {

enum class AttemptResult {
  succeeded,
  retryable,    // failed; the delivery could be tried again
  terminal,     // failed; trying again cannot help
  interrupted,  // its daemon vanished: whether the receiver got it is unknown; counts as retryable
  continued,    // a step of several: the next one follows
};

constexpr std::string_view to_string(AttemptResult result) {
  switch (result) {
    case AttemptResult::succeeded: return "succeeded";
    case AttemptResult::retryable: return "retryable";
    case AttemptResult::terminal: return "terminal";
    case AttemptResult::interrupted: return "interrupted";
    case AttemptResult::continued: return "continued";
  }
  return "";
}
constexpr std::optional<AttemptResult> parse_attempt_result(std::string_view text) {
  for (const auto r : {AttemptResult::succeeded, AttemptResult::retryable, AttemptResult::terminal,
                       AttemptResult::interrupted, AttemptResult::continued})
    if (to_string(r) == text) return r;
  return std::nullopt;
}

// One try of a delivery, as it is stored: texts are redacted and bounded (redaction.hpp).
struct Attempt {
  int number = 1;  // counts from 1
  UnixTime started_at{};
  std::chrono::milliseconds duration{0};
  AttemptResult result = AttemptResult::retryable;
  std::optional<int> http_status;
  std::string reason;         // stable code, empty on success
  std::string error_summary;  // empty on success
  std::string response_summary;
};

}  // namespace opi
