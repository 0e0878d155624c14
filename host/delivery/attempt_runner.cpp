#include "delivery/attempt_runner.hpp"

#include <algorithm>

#include "delivery/endpoint_secrets.hpp"
#include "delivery/hold_log.hpp"
#include "delivery/settlement_factory.hpp"
#include "delivery/transport_outcome.hpp"
#include "delivery/withholding.hpp"
#include "domain/hold.hpp"
#include "secrets/signing_key.hpp"

namespace opi::delivery {
namespace {

constexpr int http_unauthorized = 401, http_forbidden = 403;

Outcome failure(Verdict verdict, std::string reason, std::string detail) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.reason = std::move(reason);
  outcome.detail = std::move(detail);
  return outcome;
}

// Why a destination that must sign cannot; nullopt if it can.
std::optional<std::string> signing_fault(const Destination& destination, const secrets::SecretSet& secrets) {
  if (destination.signing == SigningRule::disabled) return std::nullopt;
  const auto* signing = secrets.find(secrets::signing_purpose);
  if (signing == nullptr) return "signing is required, but the destination has no credential for purpose 'signing'";
  if (signing->versions.empty()) return "signing is required, but its secret cannot be resolved: " + signing->failure;
  return std::nullopt;
}

// How the host stands with the purpose's current credential; "unusable" also if its value cannot be made use of.
std::string_view why_unusable(std::string_view purpose, const secrets::SecretSet& secrets) {
  const auto current = std::ranges::find(secrets.credentials, purpose, &secrets::CredentialPosture::purpose);
  if (current == secrets.credentials.end()) return to_string(secrets::CredentialState::missing);
  const auto state = current->state;
  return to_string(state == secrets::CredentialState::resolved ? secrets::CredentialState::unusable : state);
}

// What the next attempt may find otherwise is no end of the delivery, whatever the status and the adapter say.
Outcome tried_again(Outcome&& outcome) {
  if (outcome.verdict == Verdict::reject || outcome.verdict == Verdict::disable) outcome.verdict = Verdict::retry;
  outcome.by_status = false;
  return std::move(outcome);
}

Feedback feedback_of(const Outcome& outcome, const Decision& decision, const DeliveryPolicy& policy, bool sent) {
  Feedback feedback;
  const bool receiver_failed =
      !outcome.http_status || *outcome.http_status >= 500 || outcome.verdict == Verdict::unknown;
  if (sent) feedback.kind = receiver_failed ? Feedback::Kind::failed : Feedback::Kind::answered;
  // Whatever the verdict is: the receiver asks it of all requests. As for the delivery itself, the policy bounds it.
  auto asked = outcome.retry_after;
  if (!asked && outcome.verdict == Verdict::throttle) asked = std::chrono::seconds{1};
  if (asked) feedback.pause = std::clamp(*asked, std::chrono::milliseconds{0}, policy.retry_after_max);
  if (decision.next == DeliveryState::retry_scheduled) feedback.next_due_in = decision.retry_in;
  return feedback;
}

}  // namespace

struct AttemptRunner::Attempt {
  FlightPtr flight;  // landed: null
  Target target;
  std::shared_ptr<const secrets::SecretSet> secrets;
  std::array<std::uint8_t, 16> nonce{};
  UnixTime started_at{};
  MonoTime started{};
  bool sent = false;
  HttpResponse response;
  std::vector<std::string> endpoint_secrets;
  std::vector<std::string> used_purposes;  // whose secrets are in the request
  std::string unusable_purpose;            // why there is no request, if that is why
  bool asked_anew = false;                 // for its secrets, after a refusal
  bool asked_for_all = false;              // of them, then: nothing was asked for just before

  // Whether there is time for it before somebody else may have the delivery.
  [[nodiscard]] bool fits_lease(MonoTime now, std::chrono::milliseconds margin) const {
    return flight->claim->leased_until - now >= target.policy.timeout + margin;
  }
  // Receivers echo what they were sent, and plugins repeat it.
  [[nodiscard]] std::shared_ptr<const secrets::Confidential> confidential() const {
    return std::make_shared<const secrets::Confidential>(secrets::Confidential{secrets, endpoint_secrets});
  }
  [[nodiscard]] std::chrono::milliseconds elapsed(const Clock& clock) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.mono_now() - started);
  }
  [[nodiscard]] AttemptContext context() const {
    const auto& claim = flight->claim;
    return {*claim->event,
            *target.destination,
            claim->delivery,
            claim->idempotency_key,
            claim->attempts_made + 1,
            started_at,
            claim->created_at,
            nonce,
            claim->step,
            claim->carry,
            claim->prior_ref,
            claim->prior_url,
            confidential()};
  }
};

AttemptRunner::AttemptRunner(AdapterRegistry& adapters, secrets::SecretBroker& secrets, Authorizer& authorizer,
                             Transport& transport, Scheduler& scheduler, CredentialWatch& credentials,
                             const Instruments& instruments, const Options& options)
    : adapters_(adapters),
      secrets_(secrets),
      authorizer_(authorizer),
      transport_(transport),
      scheduler_(scheduler),
      credentials_(credentials),
      instruments_(instruments),
      options_(options) {}

std::optional<Target> AttemptRunner::target(const Catalog& catalog, const DestinationId& id) {
  const auto found = catalog.destinations.find(id);
  // It changed since the plan: what is due waits.
  if (found == catalog.destinations.end() || !found->second->served()) return std::nullopt;
  const auto& destination = found->second;
  if (const auto held = hold_by_itself(*destination)) {
    hold(*destination, held->cause, held->detail, FoundBy::look, options_.hold_recheck);
    return std::nullopt;
  }
  auto lookup = adapters_.find(*destination);
  if (lookup.pending) {
    // Asked again when it is said to be there, which may have been said before the pause began.
    scheduler_.pause(id, instruments_.clock.mono_now() + options_.hold_recheck);
    lookup = adapters_.find(*destination);
    if (lookup.pending) return std::nullopt;
  }
  if (!lookup.adapter) {
    hold(*destination, lookup.held_cause, lookup.held_reason, FoundBy::look, options_.hold_recheck);
    return std::nullopt;
  }
  if (scheduler_.resume(id)) log_resumption(instruments_.logger, *destination);
  return Target{destination, catalog.policy_of(*destination), std::move(lookup.adapter)};
}

void AttemptRunner::start(FlightPtr flight, const Target& target) noexcept {
  AttemptPtr attempt;
  try {
    attempt = std::make_shared<Attempt>(Attempt{.flight = std::move(flight), .target = target});
  } catch (const std::exception& failure) {
    instruments_.logger.error("attempt.not_started", {{"error", failure.what()}});
    return;
  }
  step(attempt, [&] { begin(attempt); });
}

// Every piece of an attempt runs in here, on whatever thread: what it throws ends the attempt and nothing else.
void AttemptRunner::step(const AttemptPtr& attempt, const std::function<void()>& what) noexcept {
  if (!attempt->flight) return;  // it ended when an earlier piece failed
  try {
    what();
  } catch (const std::exception& failure) {
    failed(attempt, failure.what());
  } catch (...) {
    failed(attempt, "an exception of no known type");
  }
}

// A defect of ours, or memory that ran out. What may have reached the receiver counts as an attempt. The rest is given
// back when nobody holds the attempt any more, and not tried again at once.
void AttemptRunner::failed(const AttemptPtr& attempt, const char* error) noexcept {
  if (!attempt->flight) return;
  try {
    const auto& destination = *attempt->target.destination;
    scheduler_.pause(destination.id, instruments_.clock.mono_now() + options_.hold_recheck);
    instruments_.logger.error("attempt.failed", {{"tenant", destination.tenant_id.str()},
                                                 {"destination", destination.id.to_string()},
                                                 {"sent", attempt->sent},
                                                 {"error", error}});
    if (attempt->sent && !attempt->flight->settlement)
      finish(*attempt,
             failure(Verdict::unknown, "internal_error", "the daemon could not go on after it had sent the request"));
  } catch (const std::exception&) {
    // Not even that; letting go of it takes no memory.
  }
}

void AttemptRunner::begin(const AttemptPtr& attempt) {
  // Too late to finish within the lease: someone else may have it before our answer comes.
  if (!attempt->fits_lease(instruments_.clock.mono_now(), options_.lease_margin)) return attempt->flight.reset();
  secrets_.resolve(attempt->target.destination, [this, attempt](std::shared_ptr<const secrets::SecretSet> secrets) {
    step(attempt, [&] { render_and_send(attempt, std::move(secrets)); });
  });
}

void AttemptRunner::render_and_send(const AttemptPtr& attempt, std::shared_ptr<const secrets::SecretSet> secrets) {
  attempt->secrets = std::move(secrets);
  attempt->response = {};
  attempt->endpoint_secrets = endpoint_secrets(attempt->target.destination->endpoint);
  attempt->started_at = instruments_.clock.unix_now();
  attempt->started = instruments_.clock.mono_now();
  if (!attempt->fits_lease(attempt->started, options_.lease_margin)) return attempt->flight.reset();
  instruments_.random.fill(attempt->nonce);
  const auto fault = signing_fault(*attempt->target.destination, *attempt->secrets);
  if (fault) {
    // The next one would fare no better: a backlog is not to spend its attempts as fast as they can be written down.
    scheduler_.pause(attempt->target.destination->id, attempt->started + options_.unsigned_pause);
    attempt->unusable_purpose = secrets::signing_purpose;
    return finish(*attempt, failure(Verdict::retry, "signing_secret_unavailable", *fault));
  }
  attempt->target.adapter->begin_render(attempt->context(), *attempt->secrets, [this, attempt](Rendering&& rendering) {
    step(attempt, [&] { rendered(attempt, std::move(rendering)); });
  });
}

void AttemptRunner::rendered(const AttemptPtr& attempt, Rendering&& rendering) {
  if (!rendering.held.empty()) {
    hold(*attempt->target.destination, rendering.held_cause, rendering.held, FoundBy::attempt, options_.hold_recheck);
    return attempt->flight.reset();
  }
  attempt->used_purposes = std::move(rendering.used_purposes);
  attempt->unusable_purpose = std::move(rendering.unusable_purpose);
  if (!rendering.sent.empty()) {
    auto all = std::make_shared<secrets::SecretSet>(*attempt->secrets);
    for (auto& value : rendering.sent) all->sent.push_back(std::move(value));
    attempt->secrets = std::move(all);
  }
  if (rendering.url_is_secret)
    for (auto& part : endpoint_secrets(rendering.request.url)) attempt->endpoint_secrets.push_back(std::move(part));
  if (!rendering.ok)
    return finish(*attempt, failure(rendering.retryable ? Verdict::retry : Verdict::reject, "render_failed",
                                    std::move(rendering.error)));
  if (attempt->target.destination->signing == SigningRule::required && !rendering.is_signed)
    return finish(*attempt, failure(Verdict::reject, "unsigned_request",
                                    "signing is required, but the adapter made no signature; nothing was sent"));
  const auto& destination = *attempt->target.destination;
  if (rendering.elsewhere && (destination.authorization || destination.has_credential(client_certificate_purpose)))
    return finish(*attempt, failure(Verdict::reject, "credential_elsewhere",
                                    "the adapter's request goes to another host than the endpoint's, and the host's "
                                    "credentials go to the endpoint's alone"));
  // What the wait for the adapter took is no longer there.
  const auto left = attempt->target.policy.timeout - attempt->elapsed(instruments_.clock);
  rendering.request.timeout = std::min(rendering.request.timeout, left);
  authorizer_.authorize(
      attempt->target.destination, attempt->secrets, std::move(rendering.request), left,
      [this, attempt](Authorized&& authorized) { step(attempt, [&] { send(attempt, std::move(authorized)); }); });
}

void AttemptRunner::send(const AttemptPtr& attempt, Authorized&& authorized) {
  if (authorized.status == Authorized::Status::cancelled) return attempt->flight.reset();
  attempt->secrets = std::move(authorized.secrets);
  if (authorized.status == Authorized::Status::failed) {
    attempt->used_purposes = std::move(authorized.used_purposes);  // nothing of the adapter's was sent
    attempt->unusable_purpose = std::move(authorized.unusable_purpose);
    return conclude(attempt, std::move(authorized.failure));
  }
  for (auto& purpose : authorized.used_purposes) attempt->used_purposes.push_back(std::move(purpose));
  // What the wait for a token took is no longer there.
  authorized.request.timeout =
      std::min(authorized.request.timeout, attempt->target.policy.timeout - attempt->elapsed(instruments_.clock));
  authorized.request.tenant = attempt->target.destination->tenant_id;
  attempt->sent = true;
  transport_.send(std::move(authorized.request), [this, attempt](HttpResponse&& response) {
    step(attempt, [&] { received(attempt, std::move(response)); });
  });
}

void AttemptRunner::received(const AttemptPtr& attempt, HttpResponse&& response) {
  if (response.fault == TransportFault::cancelled && !response.request_sent) return attempt->flight.reset();
  const bool answered = response.fault == TransportFault::none;
  if (!answered) return conclude(attempt, transport_outcome(response));
  attempt->response = std::move(response);
  attempt->target.adapter->begin_interpret(attempt->context(), attempt->response, [this, attempt](Outcome&& outcome) {
    if (!outcome.http_status) outcome.http_status = attempt->response.status;
    step(attempt, [&] { conclude(attempt, std::move(outcome)); });
  });
}

// What was refused may have been replaced where it lives: it is fetched anew, and if that brings something else, the
// same attempt is made with it. Once; then the verdict stands, unless the store could not be asked: then the policy's
// next attempt asks it.
void AttemptRunner::conclude(const AttemptPtr& attempt, Outcome&& outcome) {
  if (!is_refusal(*attempt, outcome)) return finish(*attempt, std::move(outcome));
  const bool token_dropped = authorizer_.refused(*attempt->target.destination, *attempt->secrets);
  const bool asked_for_all = secrets_.invalidate(*attempt->target.destination);
  if (std::exchange(attempt->asked_anew, true)) return finish_refused(*attempt, *attempt->secrets, std::move(outcome));
  attempt->asked_for_all = asked_for_all;
  auto concluded = [this, attempt, token_dropped,
                    outcome = std::move(outcome)](std::shared_ptr<const secrets::SecretSet> secrets) mutable {
    step(attempt, [&] {
      if (!token_dropped && has_same_secrets(*attempt, *secrets))
        return finish_refused(*attempt, *secrets, std::move(outcome));
      instruments_.logger.info("delivery.asked_again",
                               {{"destination", attempt->target.destination->id.to_string()},
                                {"delivery", attempt->flight->claim->delivery.to_string()},
                                {"reason", "the receiver refused secrets that have been replaced"}});
      render_and_send(attempt, std::move(secrets));
    });
  };
  secrets_.resolve(attempt->target.destination, std::move(concluded));
}

// `known`: what there is of the secrets that were refused.
void AttemptRunner::finish_refused(Attempt& attempt, const secrets::SecretSet& known, Outcome&& outcome) {
  const bool confirmed =
      attempt.asked_for_all && std::ranges::none_of(attempt.used_purposes, [&](const std::string& purpose) {
        const auto* const one = known.find(purpose);
        return one != nullptr && (one->versions.empty() || one->unconfirmed);
      });
  finish(attempt, confirmed ? std::move(outcome) : tried_again(std::move(outcome)));
}

// The receiver will not have the credentials that were in the request.
bool AttemptRunner::is_refusal(const Attempt& attempt, const Outcome& outcome) {
  if (outcome.verdict == Verdict::auth) return true;
  const bool by_status = outcome.http_status == http_unauthorized || outcome.http_status == http_forbidden;
  return by_status && outcome.verdict != Verdict::delivered && !attempt.used_purposes.empty();
}

// Whether what the request carried is what there is now.
bool AttemptRunner::has_same_secrets(const Attempt& attempt, const secrets::SecretSet& fresh) {
  return std::ranges::all_of(attempt.used_purposes, [&](const std::string& purpose) {
    const auto *before = attempt.secrets->find(purpose), *after = fresh.find(purpose);
    if (before == nullptr || after == nullptr || before->versions.empty() || after->versions.empty())
      return after == nullptr || after->versions.empty();  // nothing to try again with
    return std::ranges::equal(before->versions.front().value->reveal(), after->versions.front().value->reveal());
  });
}

void AttemptRunner::finish(Attempt& attempt, Outcome outcome) {
  for (const auto& touched : withhold_secrets(outcome, attempt.response.headers, *attempt.confidential()))
    instruments_.logger.warning("delivery.secret_withheld",
                                {{"tenant", attempt.target.destination->tenant_id.str()},
                                 {"destination", attempt.target.destination->id.to_string()},
                                 {"delivery", attempt.flight->claim->delivery.to_string()},
                                 {"from", touched}});
  const Decision decision =
      decide(attempt.target.policy, attempt.flight->claim->budgeted_attempt(), outcome, instruments_.random.uniform());
  const auto duration = std::chrono::ceil<std::chrono::milliseconds>(instruments_.clock.mono_now() - attempt.started);
  Feedback feedback = feedback_of(outcome, decision, attempt.target.policy, attempt.sent);
  // The next delivery about the same subject may be due now.
  if (!attempt.flight->claim->subject.empty() && is_terminal(decision.next))
    feedback.next_due_in = std::chrono::milliseconds{0};
  feedback.at = instruments_.clock.unix_now();
  if (!attempt.unusable_purpose.empty()) hold_for_secret(attempt);
  Flight& flight = *attempt.flight;
  // From here on it has an end, whatever else fails.
  flight.settlement = make_settlement(std::move(flight.claim), outcome, decision, {attempt.started_at, duration}, false,
                                      instruments_.clock, instruments_.random);
  flight.feedback = feedback;
  watch_credentials(attempt, outcome, *flight.settlement);
  attempt.flight.reset();
}

// A refusal does not say which credential it means: it is held against all that were in the request.
void AttemptRunner::watch_credentials(const Attempt& attempt, const Outcome& outcome, Settlement& settlement) {
  const auto failed = [&](std::string_view purpose, std::string_view why) {
    if (auto failure = credentials_.failed(settlement.claim(), purpose, why)) settlement.add(std::move(*failure));
  };
  if (!attempt.unusable_purpose.empty()) {
    failed(attempt.unusable_purpose, why_unusable(attempt.unusable_purpose, *attempt.secrets));
  } else if (outcome.verdict == Verdict::auth ||
             (outcome.http_status == http_unauthorized && outcome.verdict != Verdict::delivered)) {
    for (const auto& purpose : attempt.used_purposes) failed(purpose, "refused");
  } else if (outcome.http_status) {
    for (const auto& purpose : attempt.used_purposes) credentials_.succeeded(attempt.target.destination->id, purpose);
  }
}

// Each attempt is spent as the policy says, and the next one would fare no better: nothing goes out.
void AttemptRunner::hold_for_secret(const Attempt& attempt) {
  const auto& purpose = attempt.unusable_purpose;
  const auto why = why_unusable(purpose, *attempt.secrets);
  const auto cause = why == to_string(secrets::CredentialState::unavailable) ? HoldCause::secret_store_unavailable
                                                                             : HoldCause::credential_unusable;
  hold(*attempt.target.destination, cause, "its " + purpose + " credential is " + std::string(why), FoundBy::attempt,
       std::chrono::milliseconds{0});
}

// Told once, however many of its deliveries find it so.
void AttemptRunner::hold(const Destination& destination, HoldCause cause, const std::string& detail, FoundBy found_by,
                         std::chrono::milliseconds gate) {
  const auto found = found_hold(cause, detail, instruments_.clock.unix_now());
  if (scheduler_.hold(destination.id, instruments_.clock.mono_now() + gate, found, found_by))
    log_hold(instruments_.logger, destination, found);
}

}  // namespace opi::delivery
