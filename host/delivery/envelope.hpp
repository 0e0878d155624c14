#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "delivery/delivery_store.hpp"
#include "domain/event.hpp"

namespace opi::delivery {

struct FieldError {
  std::string field;                    // path in the envelope, such as "payload" or "tenant_id"
  std::string message;                  // what is wrong; never repeats the value
  std::optional<std::size_t> offset{};  // of the character in a text with a grammar, from 0, where that is known
};

struct ParsedEvent {
  Event event;
  ContentHash content_hash{};  // of the canonical envelope: equal however its JSON was written
};

// Reads a OneProtect envelope. Required: event_id, event_type, schema_version, tenant_id, source, timestamp,
// payload (an object); optional: correlation_id, causation_id. Unknown members are refused, so that a typing
// error is not lost, and so are the host's own event types. The payload's alert_id, evidence_id and ticket_id, if
// there, are read as references; the payload itself is kept byte for byte. `text` is one JSON value
// of at most 32 levels. All errors of the envelope are reported together. Pure.
std::variant<ParsedEvent, std::vector<FieldError>> parse_envelope(std::string_view text);

// RFC 3339 with a time zone, such as "2026-11-23T15:04:05.123Z".
bool is_rfc3339(std::string_view text);

}  // namespace opi::delivery
