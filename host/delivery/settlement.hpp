#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit_record.hpp"
#include "delivery/claim.hpp"
#include "domain/policy.hpp"

namespace opi::delivery {

// What the policy makes of an outcome. Pure.
struct Decision {
  DeliveryState next = DeliveryState::retry_scheduled;  // retry_scheduled, delivered, failed or dead_lettered
  AttemptResult result = AttemptResult::retryable;
  std::chrono::milliseconds retry_in{0};  // for retry_scheduled
  bool disable_destination = false;
  bool silence_too_long = false;  // why it ends: see decide()
};

// `attempt_number` counts from 1 (anew after a replay) and is the attempt that `outcome` ends; `chance` is uniform in
// [0, 1). A silence that the receiver asks for (Outcome::retry_after) is kept where it is longer than the backoff, up
// to the policy's retry_after_max at a time. One that all attempts that are left, waiting as long as they may, would be
// spent in ends the delivery as if they had been.
Decision decide(const DeliveryPolicy& policy, int attempt_number, const Outcome& outcome, double chance);

// The record that a credential could not be used, or was refused.
struct CredentialFailure {
  std::string purpose;
  int uses = 0;  // that failed and that the record stands for
  audit::Entry entry;
};

// The end of one claim, ready to be written: only a claim can be settled, and only once.
class Settlement {
 public:
  Settlement(Claim&& claim, Attempt attempt, Decision decision, Uuid delivery_event_id,
             std::optional<audit::Entry> audit_entry, std::string external_ref = {}, std::string external_url = {},
             std::string peer = {})
      : claim_(std::move(claim)),
        attempt_(std::move(attempt)),
        decision_(decision),
        delivery_event_id_(delivery_event_id),
        audit_entry_(std::move(audit_entry)),
        external_ref_(std::move(external_ref)),
        external_url_(std::move(external_url)),
        peer_(std::move(peer)) {}

  [[nodiscard]] const Claim& claim() const { return claim_; }
  [[nodiscard]] const Attempt& attempt() const { return attempt_; }
  [[nodiscard]] const Decision& decision() const { return decision_; }
  // Id of the delivery event (ticket.delivery.*) that this settlement publishes.
  [[nodiscard]] const Uuid& delivery_event_id() const { return delivery_event_id_; }
  // Set for terminal outcomes.
  [[nodiscard]] const std::optional<audit::Entry>& audit_entry() const { return audit_entry_; }
  // Written with the rest, like the audit entry.
  [[nodiscard]] const std::vector<CredentialFailure>& credential_failures() const { return credential_failures_; }
  void add(CredentialFailure failure) { credential_failures_.push_back(std::move(failure)); }
  // The step that ended, and what the adapter keeps for the next one; with AttemptResult::continued alone.
  [[nodiscard]] bool continues() const { return decision_.result == AttemptResult::continued; }
  [[nodiscard]] const std::string& carry() const { return carry_; }
  void keep(std::string carry) { carry_ = std::move(carry); }
  // Whether it is its subject's next delivery's turn.
  [[nodiscard]] bool ends_turn() const { return !claim_->subject.empty() && is_terminal(decision_.next); }
  [[nodiscard]] const std::string& external_ref() const { return external_ref_; }
  [[nodiscard]] const std::string& external_url() const { return external_url_; }
  // Whom the host could not reach; empty if it did. Not stored: the endpoint is for the log's readers alone.
  [[nodiscard]] const std::string& peer() const { return peer_; }

 private:
  Claim claim_;
  Attempt attempt_;
  Decision decision_;
  Uuid delivery_event_id_;
  std::optional<audit::Entry> audit_entry_;
  std::vector<CredentialFailure> credential_failures_;
  std::string external_ref_, external_url_, peer_, carry_;
};

}  // namespace opi::delivery
