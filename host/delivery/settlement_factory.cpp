#include "delivery/settlement_factory.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "domain/redaction.hpp"

namespace opi::delivery {
namespace {

constexpr std::size_t reason_characters = 64;
constexpr std::size_t reference_characters = 1024, url_characters = 2048;  // the schema's limits

// A reference that is too long or not plain text is left out: a part of an id is another id.
std::string fit(const std::string& reference, std::size_t limit) {
  return redact(reference, limit) == reference ? reference : std::string{};
}

std::string too_long_a_silence(std::chrono::milliseconds asked) {
  return "the receiver asks for " + std::to_string(std::chrono::ceil<std::chrono::seconds>(asked).count()) +
         " s of silence, longer than the attempts that are left may wait; ";
}

// What an adapter that says no more than a code leaves to be told: what came.
std::string answer_of(const Outcome& outcome) {
  if (!outcome.http_status) return {};
  const auto status = "the receiver answered " + std::to_string(*outcome.http_status);
  return outcome.response_summary.empty() ? status : status + ": " + outcome.response_summary;
}

audit::Action audit_action(DeliveryState state) {
  switch (state) {
    case DeliveryState::delivered: return audit::Action::delivery_delivered;
    case DeliveryState::failed: return audit::Action::delivery_failed;
    default: return audit::Action::delivery_dead_lettered;
  }
}

audit::Entry audit_entry(const Claim& claim, const Attempt& attempt, DeliveryState state, UnixTime now) {
  audit::Entry entry;
  entry.tenant = claim->event->tenant_id;
  entry.at = now;
  entry.actor_id = "integrationsd";
  entry.action = audit_action(state);
  entry.target = "delivery:" + claim->delivery.to_string();
  entry.correlation_id = claim->event->correlation_id;
  boost::json::object details;
  details["destination"] = claim->destination.to_string();
  details["event_id"] = claim->event->event_id.str();
  details["attempts"] = attempt.number;
  const auto& event = *claim->event;
  for (const auto& [name, value] : {std::pair{"alert_id", &event.alert_id},
                                    {"evidence_id", &event.evidence_id},
                                    {"ticket_id", &event.ticket_id},
                                    {"producer", &event.producer}})
    if (!value->empty()) details[name] = *value;
  if (attempt.http_status) details["http_status"] = *attempt.http_status;
  if (!attempt.reason.empty()) details["reason"] = attempt.reason;
  entry.details = boost::json::serialize(details);
  return entry;
}

}  // namespace

Settlement make_settlement(Claim&& claim, const Outcome& outcome, const Decision& decision, const AttemptTiming& timing,
                           bool interrupted, const Clock& clock, Random& random) {
  Attempt attempt;
  attempt.number = claim->attempts_made + 1;
  attempt.started_at = timing.started_at;
  attempt.duration = timing.duration;
  attempt.result = interrupted ? AttemptResult::interrupted : decision.result;
  attempt.http_status = outcome.http_status;
  attempt.response_summary = redact(outcome.response_summary);
  if (decision.result != AttemptResult::succeeded) {
    attempt.reason = redact(outcome.reason, reason_characters);
    attempt.error_summary = redact(outcome.detail);
    if (attempt.error_summary.empty() && decision.result != AttemptResult::continued)
      attempt.error_summary = redact(answer_of(outcome));
  }
  if (decision.silence_too_long) {
    attempt.reason = "retry_after_too_long";
    attempt.error_summary = redact(too_long_a_silence(*outcome.retry_after) + outcome.detail);
  }
  std::array<std::uint8_t, 10> entropy;
  random.fill(entropy);
  const UnixTime now = clock.unix_now();
  std::optional<audit::Entry> entry;
  if (is_terminal(decision.next)) entry = audit_entry(claim, attempt, decision.next, now);
  const bool continues = decision.result == AttemptResult::continued;
  std::string carry = continues ? outcome.carry : std::string{};
  // The claim is taken last: whatever throws before leaves it where it was.
  Settlement settlement(std::move(claim), std::move(attempt), decision, Uuid::v7(now.time_since_epoch(), entropy),
                        std::move(entry), fit(outcome.external_ref, reference_characters),
                        fit(outcome.external_url, url_characters), redact(outcome.peer));
  settlement.keep(std::move(carry));
  return settlement;
}

}  // namespace opi::delivery
