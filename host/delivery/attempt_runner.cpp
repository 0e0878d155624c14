#include "delivery/attempt_runner.hpp"

#include <algorithm>

#include "delivery/endpoint_secrets.hpp"
#include "delivery/settlement_factory.hpp"
#include "delivery/transport_outcome.hpp"
#include "domain/receiver.hpp"
#include "secrets/scrub.hpp"
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
  // As for the delivery itself, the policy's cap bounds what a receiver may ask for.
  if (outcome.verdict == Verdict::throttle)
    feedback.pause = std::clamp(outcome.retry_after.value_or(std::chrono::seconds{1}), std::chrono::milliseconds{0},
                                policy.backoff_cap);
  if (decision.next == DeliveryState::retry_scheduled) feedback.next_due_in = decision.retry_in;
  return feedback;
}

}  // namespace

struct AttemptRunner::Flight {
  Claim claim;
  std::shared_ptr<const Destination> destination;
  DeliveryPolicy policy;
  std::shared_ptr<const Adapter> adapter;
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

  // Receivers echo what they were sent, and plugins repeat it.
  void scrub(std::string& text) const { secrets::scrub(text, *secrets, endpoint_secrets); }
  [[nodiscard]] std::chrono::milliseconds elapsed(const Clock& clock) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.mono_now() - started);
  }
  [[nodiscard]] AttemptContext context() const {
    return {*claim->event,
            *destination,
            claim->delivery,
            claim->idempotency_key,
            claim->attempts_made + 1,
            started_at,
            claim->created_at,
            nonce,
            claim->step,
            claim->carry,
            claim->prior_ref,
            claim->prior_url};
  }
};

AttemptRunner::AttemptRunner(AdapterRegistry& adapters, secrets::SecretBroker& secrets, Authorizer& authorizer,
                             Transport& transport, Settler& settler, Scheduler& scheduler, CredentialWatch& credentials,
                             const Clock& clock, Random& random, telemetry::Logger& logger, const Options& options)
    : adapters_(adapters),
      secrets_(secrets),
      authorizer_(authorizer),
      transport_(transport),
      settler_(settler),
      scheduler_(scheduler),
      credentials_(credentials),
      clock_(clock),
      random_(random),
      logger_(logger),
      options_(options) {}

void AttemptRunner::start(Claim claim, const std::shared_ptr<const Destination>& destination,
                          const DeliveryPolicy& policy) {
  auto flight =
      std::make_shared<Flight>(Flight{.claim = std::move(claim), .destination = destination, .policy = policy});
  const MonoTime now = clock_.mono_now();
  // Too late to finish within the lease: someone else may have it before our answer comes.
  if (flight->claim->leased_until - now < policy.timeout + options_.lease_margin) return release(*flight);
  if (const auto purpose = unbound_purpose(*destination))
    return hold(*flight, "its " + *purpose + " credential was put for another receiver: put it again, or revoke it");
  auto found = adapters_.find(*destination);
  if (!found.adapter) return hold(*flight, found.held_reason);
  flight->adapter = std::move(found.adapter);
  secrets_.resolve(destination, [this, flight](std::shared_ptr<const secrets::SecretSet> secrets) {
    render_and_send(flight, std::move(secrets));
  });
}

void AttemptRunner::render_and_send(const std::shared_ptr<Flight>& flight,
                                    std::shared_ptr<const secrets::SecretSet> secrets) {
  flight->secrets = std::move(secrets);
  flight->endpoint_secrets = endpoint_secrets(flight->destination->endpoint);
  flight->started_at = clock_.unix_now();
  flight->started = clock_.mono_now();
  if (flight->claim->leased_until - flight->started < flight->policy.timeout + options_.lease_margin)
    return release(*flight);
  random_.fill(flight->nonce);
  const auto fault = signing_fault(*flight->destination, *flight->secrets);
  if (fault) flight->unusable_purpose = secrets::signing_purpose;
  if (fault) return finish(*flight, failure(Verdict::retry, "signing_secret_unavailable", *fault));
  flight->adapter->begin_render(flight->context(), *flight->secrets,
                                [this, flight](Rendering&& rendering) { rendered(flight, std::move(rendering)); });
}

void AttemptRunner::rendered(const std::shared_ptr<Flight>& flight, Rendering&& rendering) {
  if (!rendering.held.empty()) return hold(*flight, rendering.held);
  flight->used_purposes = std::move(rendering.used_purposes);
  flight->unusable_purpose = std::move(rendering.unusable_purpose);
  if (!rendering.sent.empty()) {
    auto all = std::make_shared<secrets::SecretSet>(*flight->secrets);
    for (auto& value : rendering.sent) all->sent.push_back(std::move(value));
    flight->secrets = std::move(all);
  }
  if (rendering.url_is_secret)
    for (auto& part : endpoint_secrets(rendering.request.url)) flight->endpoint_secrets.push_back(std::move(part));
  if (!rendering.ok)
    return finish(*flight, failure(rendering.retryable ? Verdict::retry : Verdict::reject, "render_failed",
                                   std::move(rendering.error)));
  if (flight->destination->signing == SigningRule::required && !rendering.is_signed)
    return finish(*flight, failure(Verdict::reject, "unsigned_request",
                                   "signing is required, but the adapter made no signature; nothing was sent"));
  const auto& destination = *flight->destination;
  if (rendering.elsewhere && (destination.authorization || destination.has_credential(client_certificate_purpose)))
    return finish(*flight, failure(Verdict::reject, "credential_elsewhere",
                                   "the adapter's request goes to another host than the endpoint's, and the host's "
                                   "credentials go to the endpoint's alone"));
  // What the wait for the adapter took is no longer there.
  const auto left = flight->policy.timeout - flight->elapsed(clock_);
  rendering.request.timeout = std::min(rendering.request.timeout, left);
  authorizer_.authorize(flight->destination, flight->secrets, std::move(rendering.request), left,
                        [this, flight](Authorized&& authorized) { send(flight, std::move(authorized)); });
}

void AttemptRunner::send(const std::shared_ptr<Flight>& flight, Authorized&& authorized) {
  if (authorized.status == Authorized::Status::cancelled) return release(*flight);
  flight->secrets = std::move(authorized.secrets);
  if (authorized.status == Authorized::Status::failed) {
    flight->used_purposes = std::move(authorized.used_purposes);  // nothing of the adapter's was sent
    flight->unusable_purpose = std::move(authorized.unusable_purpose);
    return conclude(flight, std::move(authorized.failure));
  }
  for (auto& purpose : authorized.used_purposes) flight->used_purposes.push_back(std::move(purpose));
  // What the wait for a token took is no longer there.
  authorized.request.timeout = std::min(authorized.request.timeout, flight->policy.timeout - flight->elapsed(clock_));
  flight->sent = true;
  transport_.send(std::move(authorized.request),
                  [this, flight](HttpResponse&& response) { received(flight, std::move(response)); });
}

void AttemptRunner::received(const std::shared_ptr<Flight>& flight, HttpResponse&& response) {
  if (response.fault == TransportFault::cancelled && !response.request_sent) return release(*flight);
  const bool answered = response.fault == TransportFault::none;
  // Before the adapter sees it: what it does not know it can neither log nor cut in two.
  flight->scrub(response.body);
  for (auto& header : response.headers)
    for (auto* text : {&header.name, &header.value}) flight->scrub(*text);
  if (!answered) return conclude(flight, transport_outcome(response));
  flight->response = std::move(response);
  flight->adapter->begin_interpret(flight->context(), flight->response, [this, flight](Outcome&& outcome) {
    if (!outcome.http_status) outcome.http_status = flight->response.status;
    conclude(flight, std::move(outcome));
  });
}

// What was refused may have been replaced where it lives: it is fetched anew, and if that brings something else, the
// same attempt is made with it. Once; then the verdict stands, unless the store could not be asked: then the policy's
// next attempt asks it.
void AttemptRunner::conclude(const std::shared_ptr<Flight>& flight, Outcome&& outcome) {
  if (!is_refusal(*flight, outcome)) return finish(*flight, std::move(outcome));
  const bool token_dropped = authorizer_.refused(*flight->destination, *flight->secrets);
  const bool asked_for_all = secrets_.invalidate(*flight->destination);
  if (std::exchange(flight->asked_anew, true)) return finish_refused(*flight, *flight->secrets, std::move(outcome));
  flight->asked_for_all = asked_for_all;
  secrets_.resolve(flight->destination, [this, flight, token_dropped, outcome = std::move(outcome)](
                                            std::shared_ptr<const secrets::SecretSet> secrets) mutable {
    if (!token_dropped && has_same_secrets(*flight, *secrets))
      return finish_refused(*flight, *secrets, std::move(outcome));
    logger_.info("delivery.asked_again", {{"destination", flight->destination->id.to_string()},
                                          {"delivery", flight->claim->delivery.to_string()},
                                          {"reason", "the receiver refused secrets that have been replaced"}});
    render_and_send(flight, std::move(secrets));
  });
}

// `known`: what there is of the secrets that were refused.
void AttemptRunner::finish_refused(Flight& flight, const secrets::SecretSet& known, Outcome&& outcome) {
  const bool confirmed =
      flight.asked_for_all && std::ranges::none_of(flight.used_purposes, [&](const std::string& purpose) {
        const auto* const one = known.find(purpose);
        return one != nullptr && (one->versions.empty() || one->unconfirmed);
      });
  finish(flight, confirmed ? std::move(outcome) : tried_again(std::move(outcome)));
}

// The receiver will not have the credentials that were in the request.
bool AttemptRunner::is_refusal(const Flight& flight, const Outcome& outcome) {
  if (outcome.verdict == Verdict::auth) return true;
  const bool by_status = outcome.http_status == http_unauthorized || outcome.http_status == http_forbidden;
  return by_status && outcome.verdict != Verdict::delivered && !flight.used_purposes.empty();
}

// Whether what the request carried is what there is now.
bool AttemptRunner::has_same_secrets(const Flight& flight, const secrets::SecretSet& fresh) {
  return std::ranges::all_of(flight.used_purposes, [&](const std::string& purpose) {
    const auto *before = flight.secrets->find(purpose), *after = fresh.find(purpose);
    if (before == nullptr || after == nullptr || before->versions.empty() || after->versions.empty())
      return after == nullptr || after->versions.empty();  // nothing to try again with
    return std::ranges::equal(before->versions.front().value->reveal(), after->versions.front().value->reveal());
  });
}

void AttemptRunner::finish(Flight& flight, Outcome outcome) {
  for (auto* text : {&outcome.reason, &outcome.detail, &outcome.response_summary, &outcome.external_ref,
                     &outcome.external_url, &outcome.peer, &outcome.carry})
    flight.scrub(*text);
  const Decision decision = decide(flight.policy, flight.claim->budgeted_attempt(), outcome, random_.uniform());
  const auto duration = std::chrono::ceil<std::chrono::milliseconds>(clock_.mono_now() - flight.started);
  Feedback feedback = feedback_of(outcome, decision, flight.policy, flight.sent);
  // The next delivery about the same subject may be due now.
  if (!flight.claim->subject.empty() && is_terminal(decision.next)) feedback.next_due_in = std::chrono::milliseconds{0};
  auto settlement = make_settlement(std::move(flight.claim), outcome, decision, {flight.started_at, duration}, false,
                                    clock_, random_);
  watch_credentials(flight, outcome, settlement);
  settler_.settle(std::move(settlement), feedback);
}

// A refusal does not say which credential it means: it is held against all that were in the request.
void AttemptRunner::watch_credentials(const Flight& flight, const Outcome& outcome, Settlement& settlement) {
  const auto failed = [&](std::string_view purpose, std::string_view why) {
    if (auto failure = credentials_.failed(settlement.claim(), purpose, why)) settlement.add(std::move(*failure));
  };
  if (!flight.unusable_purpose.empty()) {
    failed(flight.unusable_purpose, why_unusable(flight.unusable_purpose, *flight.secrets));
  } else if (outcome.verdict == Verdict::auth ||
             (outcome.http_status == http_unauthorized && outcome.verdict != Verdict::delivered)) {
    for (const auto& purpose : flight.used_purposes) failed(purpose, "refused");
  } else if (outcome.http_status) {
    for (const auto& purpose : flight.used_purposes) credentials_.succeeded(flight.destination->id, purpose);
  }
}

void AttemptRunner::hold(Flight& flight, const std::string& reason) {
  const auto& destination = *flight.destination;
  scheduler_.hold(destination.id, clock_.mono_now() + options_.hold_recheck);
  logger_.warning(
      "destination.held",
      {{"tenant", destination.tenant_id.str()}, {"destination", destination.id.to_string()}, {"reason", reason}});
  release(flight);
}

void AttemptRunner::release(Flight& flight) { settler_.release(std::move(flight.claim)); }

}  // namespace opi::delivery
