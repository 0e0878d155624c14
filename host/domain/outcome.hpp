#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace opi {

// What an adapter makes of a response (sdk: OPI_V_*).
enum class Verdict {
  delivered,
  retry,
  reject,    // terminal: the receiver will never take it
  throttle,  // retry after a while, and slow the destination
  auth,      // the credential was refused
  disable,   // the receiver is gone (410): stop sending to the destination
  proceed,   // another request of the same delivery follows
  unknown,   // the body was sent and the answer was lost
};

// Why no response came. none: there was one.
enum class TransportFault {
  none,
  name_resolution,
  address_refused,  // the egress guard forbids every address of the host
  connect,
  tls,
  timeout,
  reset,      // closed or reset before a whole response
  protocol,   // not HTTP, or beyond the header limits
  cancelled,  // the daemon is stopping
  proxy,      // the way out: the operator's proxy is away, refuses, or wants other credentials; nothing was sent
};

constexpr std::string_view to_string(TransportFault fault) {
  switch (fault) {
    case TransportFault::none: return "none";
    case TransportFault::name_resolution: return "name_resolution_failed";
    case TransportFault::address_refused: return "address_refused";
    case TransportFault::connect: return "connect_failed";
    case TransportFault::tls: return "tls_failed";
    case TransportFault::timeout: return "timeout";
    case TransportFault::reset: return "connection_reset";
    case TransportFault::protocol: return "protocol_error";
    case TransportFault::cancelled: return "cancelled";
    case TransportFault::proxy: return "proxy_failed";
  }
  return "";
}

// The result of one attempt, before the policy is asked. Texts are raw; attempt.hpp stores them redacted.
struct Outcome {
  Verdict verdict = Verdict::retry;
  bool by_status = false;  // the adapter judged by http_status alone: the policy's retryable_statuses decide
  std::optional<int> http_status;
  std::optional<std::chrono::milliseconds> retry_after;  // the silence that the receiver asks for
  std::string reason;                                    // stable code in snake_case, such as "http_503" or "timeout"
  std::string detail;                                    // for people
  std::string peer;                                      // whom the host could not reach: for the log, never stored
  std::string response_summary;                          // the response's body
  std::string external_ref;                              // id of the ticket or object that the receiver created
  std::string external_url;
  std::string carry;  // with proceed: what the adapter's next step needs to know
};

}  // namespace opi
