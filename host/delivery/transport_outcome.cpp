#include "delivery/transport_outcome.hpp"

namespace opi::delivery {

Outcome transport_outcome(const HttpResponse& response) {
  Outcome outcome;
  outcome.reason = to_string(response.fault);
  outcome.detail = response.fault_detail;
  outcome.peer = response.peer;
  // The egress guard's refusal is a matter of configuration: no retry mends it, a person may.
  if (response.fault == TransportFault::address_refused)
    outcome.verdict = Verdict::reject;
  else
    outcome.verdict = response.request_sent ? Verdict::unknown : Verdict::retry;
  return outcome;
}

}  // namespace opi::delivery
