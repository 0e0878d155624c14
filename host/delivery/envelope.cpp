#include "delivery/envelope.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "crypto/digest.hpp"
#include "delivery/canonical_json.hpp"
#include "delivery/json_text.hpp"
#include "domain/redaction.hpp"
#include "domain/text_controls.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 32;

constexpr std::array<std::string_view, 9> members{"event_id",  "event_type", "schema_version", "tenant_id",   "source",
                                                  "timestamp", "payload",    "correlation_id", "causation_id"};

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }
std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

class EnvelopeReader {
 public:
  // `text` is what `envelope` was parsed from.
  EnvelopeReader(std::string_view text, const json::object& envelope) : text_(text), envelope_(envelope) {}

  std::variant<ParsedEvent, std::vector<FieldError>> read() {
    for (const auto& member : envelope_)
      if (std::ranges::find(members, view(member.key())) == members.end())
        error(redact(view(member.key()), 64), "is not a member of the envelope");
    // Of a repeated member one would be stored and another judged.
    if (member_count(text_) != envelope_.size()) error("", "names a member twice");
    Event event;
    if (const auto text = required("event_id", EventTag::max_length); !text.empty()) {
      if (const auto id = EventId::parse(text))
        event.event_id = *id;
      else
        error("event_id", "may hold letters, digits and -_.: only");
    }
    if (const auto text = required("tenant_id", TenantTag::max_length); !text.empty()) {
      if (const auto id = TenantId::parse(text))
        event.tenant_id = *id;
      else
        error("tenant_id", "may hold lower-case letters, digits, '-' and '_' only");
    }
    event.event_type = required("event_type", EventLimits::event_type_length);
    if (!event.event_type.empty() && !is_event_type(event.event_type))
      error("event_type", "must be a dotted lower-case name, such as alert.created");
    else if (is_host_event_type(event.event_type))
      error("event_type", "is kept for the host's own events");
    event.schema_version = required("schema_version", EventLimits::schema_version_length);
    event.source = required("source", EventLimits::source_length);
    event.timestamp = required("timestamp", 64);
    if (!event.timestamp.empty() && !is_rfc3339(event.timestamp))
      error("timestamp", "must be RFC 3339, such as 2026-01-31T12:00:00Z");
    event.correlation_id = optional(envelope_, "correlation_id", "correlation_id");
    event.causation_id = optional(envelope_, "causation_id", "causation_id");
    read_payload(event);
    if (!errors_.empty()) return std::move(errors_);
    return ParsedEvent{std::move(event), crypto::sha256(canonical_json(text_))};
  }

 private:
  void error(std::string field, std::string message) { errors_.push_back({std::move(field), std::move(message)}); }

  std::string checked(const json::value& value, const std::string& path, std::size_t max_length) {
    const auto* text = value.if_string();
    if (text == nullptr) {
      error(path, "must be a string");
    } else if (text->size() > max_length) {
      error(path, "is longer than " + std::to_string(max_length) + " bytes");
    } else if (has_controls(view(*text))) {
      error(path, "contains control characters");
    } else {
      return std::string(view(*text));
    }
    return {};
  }

  std::string required(const char* name, std::size_t max_length) {
    const auto* value = envelope_.if_contains(name);
    if (value == nullptr) {
      error(name, "is missing");
      return {};
    }
    if (value->is_string() && value->get_string().empty()) {
      error(name, "is empty");
      return {};
    }
    return checked(*value, name, max_length);
  }

  std::string optional(const json::object& object, const char* name, const std::string& path) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return {};
    return checked(*value, path, EventLimits::reference_length);
  }

  void read_payload(Event& event) {
    const auto* value = envelope_.if_contains("payload");
    if (value == nullptr) return error("payload", "is missing");
    const auto* payload = value->if_object();
    if (payload == nullptr) return error("payload", "must be an object");
    // Not from the parsed value: its numbers and blanks are no longer what the producer wrote, and may have signed.
    event.payload = member_text(text_, "payload").value();
    if (event.payload.size() > EventLimits::payload_bytes)
      return error("payload", "is larger than " + std::to_string(EventLimits::payload_bytes) + " bytes");
    // PostgreSQL text cannot hold it, and no receiver expects it.
    if (escapes_nul(event.payload)) return error("payload", "contains a NUL character");
    event.alert_id = optional(*payload, "alert_id", "payload.alert_id");
    event.evidence_id = optional(*payload, "evidence_id", "payload.evidence_id");
    event.ticket_id = optional(*payload, "ticket_id", "payload.ticket_id");
  }

  const std::string_view text_;
  const json::object& envelope_;
  std::vector<FieldError> errors_;
};

bool digits(std::string_view text, std::size_t from, std::size_t count) {
  if (text.size() < from + count) return false;
  return std::ranges::all_of(text.substr(from, count), [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(from, count)) value = value * 10 + (c - '0');
  return value;
}

}  // namespace

bool is_rfc3339(std::string_view text) {
  if (text.size() < 20 || !digits(text, 0, 4) || text[4] != '-' || !digits(text, 5, 2) || text[7] != '-' ||
      !digits(text, 8, 2) || (text[10] != 'T' && text[10] != 't') || !digits(text, 11, 2) || text[13] != ':' ||
      !digits(text, 14, 2) || text[16] != ':' || !digits(text, 17, 2))
    return false;
  const int year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || number(text, 11, 2) > 23 || number(text, 14, 2) > 59 || number(text, 17, 2) > 60) return false;
  std::size_t at = 19;
  if (text[at] == '.') {
    const std::size_t start = ++at;
    while (digits(text, at, 1)) ++at;
    if (at == start) return false;
  }
  const std::string_view zone = text.substr(at);
  if (zone == "Z" || zone == "z") return true;
  return zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && digits(zone, 1, 2) && zone[3] == ':' &&
         digits(zone, 4, 2) && number(zone, 1, 2) <= 23 && number(zone, 4, 2) <= 59;
}

std::variant<ParsedEvent, std::vector<FieldError>> parse_envelope(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code failure;
  const json::value value = json::parse({text.data(), text.size()}, failure, {}, options);
  if (failure) return std::vector<FieldError>{{"", "is not valid JSON: " + failure.message()}};
  const auto* object = value.if_object();
  if (object == nullptr) return std::vector<FieldError>{{"", "must be a JSON object"}};
  return EnvelopeReader(text, *object).read();
}

}  // namespace opi::delivery
