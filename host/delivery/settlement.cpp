#include "delivery/settlement.hpp"

#include <algorithm>

namespace opi::delivery {
namespace {

enum class Course { succeed, go_on, try_again, give_up };

Course course_of(const DeliveryPolicy& policy, const Outcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::delivered: return Course::succeed;
    case Verdict::retry:
    case Verdict::reject:
      if (outcome.by_status && outcome.http_status)
        return policy.retries_status(*outcome.http_status) ? Course::try_again : Course::give_up;
      return outcome.verdict == Verdict::retry ? Course::try_again : Course::give_up;
    case Verdict::throttle:
    case Verdict::auth:
    case Verdict::unknown: return Course::try_again;
    case Verdict::disable: return Course::give_up;
    case Verdict::proceed: return Course::go_on;
  }
  return Course::give_up;
}

DeliveryState parked_state(const DeliveryPolicy& policy, bool exhausted) {
  switch (policy.dead_letter) {
    case DeadLetterBehaviour::always: return DeliveryState::dead_lettered;
    case DeadLetterBehaviour::on_exhaustion: return exhausted ? DeliveryState::dead_lettered : DeliveryState::failed;
    case DeadLetterBehaviour::never: return DeliveryState::failed;
  }
  return DeliveryState::dead_lettered;
}

}  // namespace

Decision decide(const DeliveryPolicy& policy, int attempt_number, const Outcome& outcome, double chance) {
  Decision decision;
  decision.disable_destination = outcome.verdict == Verdict::disable;
  switch (course_of(policy, outcome)) {
    case Course::succeed:
      decision.next = DeliveryState::delivered;
      decision.result = AttemptResult::succeeded;
      return decision;
    case Course::go_on:
      decision.next = DeliveryState::retry_scheduled;
      decision.result = AttemptResult::continued;
      return decision;
    case Course::give_up:
      decision.next = parked_state(policy, false);
      decision.result = AttemptResult::terminal;
      return decision;
    case Course::try_again: break;
  }
  decision.result = AttemptResult::retryable;
  if (attempt_number >= policy.max_attempts) {
    decision.next = parked_state(policy, true);
    return decision;
  }
  decision.next = DeliveryState::retry_scheduled;
  decision.retry_in = policy.backoff(attempt_number, chance);
  if (!outcome.retry_after) return decision;
  const auto longest = std::max(decision.retry_in, policy.retry_after_max);
  if (*outcome.retry_after > (policy.max_attempts - attempt_number) * longest) {
    decision.next = parked_state(policy, true);
    decision.retry_in = {};
    decision.silence_too_long = true;
  } else {
    decision.retry_in = std::clamp(*outcome.retry_after, decision.retry_in, longest);
  }
  return decision;
}

}  // namespace opi::delivery
