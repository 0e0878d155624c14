#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace opi {

// Limits of one event, at the API and in the database's CHECKs alike.
struct EventLimits {
  static constexpr std::size_t payload_bytes = 256 * 1024;
  static constexpr std::size_t event_type_length = 128;
  static constexpr std::size_t schema_version_length = 32;
  static constexpr std::size_t source_length = 256;
  static constexpr std::size_t reference_length = 128;  // correlation, causation, alert, evidence, ticket id
  static constexpr std::size_t producer_length = 320;
};

// What a producer hands over: the OneProtect envelope. All text is valid UTF-8 without control characters.
struct Event {
  TenantId tenant_id;
  EventId event_id;
  std::string event_type;      // dotted lower-case name, such as "alert.created"
  std::string schema_version;  // the payload's, such as "1.0"
  std::string source;
  std::string timestamp;  // RFC 3339, as the producer wrote it
  std::string correlation_id;
  std::string causation_id;
  std::string alert_id;  // these three are read from the payload, empty if it has none
  std::string evidence_id;
  std::string ticket_id;
  std::string payload;  // JSON text of an object, at most EventLimits::payload_bytes
  // Who handed it in, which the host knows and no envelope says: "<kind>:<id>", such as "token:opi_1a2b" or
  // "database:triage". Empty of what an older version stored.
  std::string producer;
};

// True for 1 to 128 characters of lower-case letters, digits, '_' and '-' in parts joined by single dots.
bool is_event_type(std::string_view text);

// Event types that the host alone makes: "ticket.delivery.…" and "integration.alert.…", which it publishes about
// deliveries and what troubles them, and test_event_type. Producers may not publish them.
bool is_host_event_type(std::string_view event_type);
inline constexpr std::string_view test_event_type = "oneprotect.test";

// A subscription is an event type, a prefix ending in ".*", or "*". The host's own types are matched only by
// subscriptions that are about nothing else ("ticket.delivery.*", "integration.alert.*"): whoever wants everything does
// not want to hear of the delivery of everything.
bool is_subscription(std::string_view pattern);
bool subscription_matches(std::string_view pattern, std::string_view event_type);

}  // namespace opi
