#include "delivery/alert_causes.hpp"

#include <algorithm>
#include <map>

#include "domain/timestamp.hpp"

namespace opi::delivery {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using Cause = std::optional<AlertCause>;

bool is_refusal(const DestinationTrouble::Streak& streak) {
  return streak.http_status == 401 || streak.http_status == 403 || streak.http_status == 407;
}

bool is_about_credentials(HoldCause cause) {
  return cause == HoldCause::credential_unusable || cause == HoldCause::credential_unbound;
}

bool tells_failures(const AlertRules& rules) { return rules.failing_minutes > 0 || rules.failing_attempts > 0; }

std::string attempts_text(const DestinationTrouble::Streak& streak) {
  auto text = streak.failures == 1 ? std::string("1 attempt has failed")
                                   : std::to_string(streak.failures) + " attempts in a row have failed";
  return text + (streak.http_status ? "; the last was answered " + std::to_string(*streak.http_status)
                                    : "; the last had no answer");
}

Cause failing(const AlertSubject& of, bool active) {
  const auto& streak = of.trouble.streak;
  if (!streak || !of.destination.enabled || !tells_failures(of.rules)) return std::nullopt;
  const bool long_enough =
      of.rules.failing_minutes > 0 && streak->last - streak->since >= minutes{of.rules.failing_minutes};
  const bool often_enough = of.rules.failing_attempts > 0 && streak->failures >= of.rules.failing_attempts;
  if (!active && !long_enough && !often_enough) return std::nullopt;
  if (!active && is_refusal(*streak) && of.rules.credential_refused > 0) return std::nullopt;
  return AlertCause{streak->since, attempts_text(*streak)};
}

Cause parked(const AlertSubject& of, bool active) {
  const std::int64_t limit = of.rules.dead_letters;
  // Half of them must have gone before it is over: a replay that fails in part makes no second alert.
  const bool enough = active ? of.trouble.parked * 2 > limit : of.trouble.parked >= limit;
  if (limit == 0 || of.trouble.parked == 0 || !enough) return std::nullopt;
  return AlertCause{of.now, std::to_string(of.trouble.parked) + " or more deliveries are parked"};
}

Cause refused(const AlertSubject& of, bool active) {
  if (of.rules.credential_refused == 0 || !of.destination.enabled) return std::nullopt;
  if (const auto& hold = of.trouble.hold; hold && is_about_credentials(hold->cause))
    return AlertCause{hold->since.value_or(of.now),
                      std::string(to_string(hold->cause)) + (hold->detail.empty() ? "" : ": " + hold->detail)};
  const auto& streak = of.trouble.streak;
  if (!streak || !is_refusal(*streak) || (!active && streak->failures < of.rules.credential_refused))
    return std::nullopt;
  return AlertCause{streak->since, attempts_text(*streak)};
}

Cause expiring(const AlertSubject& of) {
  if (of.rules.credential_days == 0 || !of.destination.enabled) return std::nullopt;
  // Of each purpose the version that lasts longest; none: it lasts for ever.
  std::map<std::string_view, std::optional<UnixTime>> ends;
  for (const auto& credential : of.destination.credentials) {
    const auto [known, fresh] = ends.try_emplace(credential.purpose, credential.expires_at);
    if (!fresh && known->second)
      known->second =
          credential.expires_at ? std::optional{std::max(*known->second, *credential.expires_at)} : std::nullopt;
  }
  Cause first;
  for (const auto& [purpose, end] : ends) {
    if (!end || *end - of.now > days{of.rules.credential_days}) continue;
    const UnixTime since = *end - days{of.rules.credential_days};
    if (!first || since < first->since)
      first = AlertCause{since, "the credential for '" + std::string(purpose) + "' ends at " + to_rfc3339(*end)};
  }
  return first;
}

Cause held(const AlertSubject& of, bool active) {
  if (of.rules.held_minutes == 0) return std::nullopt;
  if (!of.destination.enabled) {
    // Whoever disabled it by hand knows; a receiver that says that it is gone (410) was nobody's decision.
    const bool gone = of.trouble.streak && of.trouble.streak->http_status == 410;
    if (!active && !gone) return std::nullopt;
    return AlertCause{of.trouble.streak ? of.trouble.streak->last : of.now,
                      "disabled: " + of.destination.disabled_reason};
  }
  const auto& hold = of.trouble.hold;
  if (!hold || hold->cause == HoldCause::disabled || hold->cause == HoldCause::waits_for_order) return std::nullopt;
  if (is_about_credentials(hold->cause) && of.rules.credential_refused > 0) return std::nullopt;
  if (hold->cause == HoldCause::breaker_open && tells_failures(of.rules)) return std::nullopt;
  const UnixTime since = hold->since.value_or(of.now);
  if (!active && of.now - since < minutes{of.rules.held_minutes}) return std::nullopt;
  return AlertCause{since, std::string(to_string(hold->cause)) + (hold->detail.empty() ? "" : ": " + hold->detail) +
                               "; " + std::string(remedy_of(hold->cause))};
}

Cause disabling(const AlertSubject& of) {
  if (!of.destination.enabled)
    return of.destination.disabled_reason.starts_with(disabled_for_failing)
               ? Cause{{of.failing_since.value_or(of.now), of.destination.disabled_reason}}
               : std::nullopt;
  const days patience{of.rules.disable_after_days};
  if (patience.count() == 0 || !of.failing_since || of.now - *of.failing_since < patience - days{1})
    return std::nullopt;
  const UnixTime when = std::max(*of.failing_since + patience, of.now + days{1});
  return AlertCause{*of.failing_since, "it is disabled at " + to_rfc3339(when) + " unless an attempt succeeds before"};
}

}  // namespace

std::optional<AlertCause> cause_of(AlertKind kind, const AlertSubject& subject, bool active) {
  switch (kind) {
    case AlertKind::destination_failing: return failing(subject, active);
    case AlertKind::dead_letters_parked: return parked(subject, active);
    case AlertKind::credential_refused: return refused(subject, active);
    case AlertKind::credential_expiring: return expiring(subject);
    case AlertKind::destination_held: return held(subject, active);
    case AlertKind::destination_disabling: return disabling(subject);
  }
  return std::nullopt;
}

bool is_failure(AlertKind kind) {
  return kind == AlertKind::destination_failing || kind == AlertKind::credential_refused;
}

}  // namespace opi::delivery
