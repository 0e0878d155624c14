#include "api/filter_parameters.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/digest.hpp"
#include "domain/event.hpp"
#include "domain/redaction.hpp"
#include "domain/text.hpp"
#include "domain/timestamp.hpp"

namespace opi::api {
namespace {

constexpr int max_page = 200;

}  // namespace

std::optional<IdempotencyKey> parse_idempotency_key(std::string_view text) {
  IdempotencyKey key;
  const auto bytes = crypto::from_hex(text);
  // As it is written, and not in capitals.
  if (!bytes || bytes->size() != key.bytes.size() || crypto::to_hex(*bytes) != text) return std::nullopt;
  std::ranges::copy(*bytes, key.bytes.begin());
  return key;
}

std::optional<IdempotencyKey> parse_webhook_id(std::string_view text) {
  constexpr std::string_view prefix = "msg_";
  return text.starts_with(prefix) ? parse_idempotency_key(text.substr(prefix.size())) : std::nullopt;
}

std::optional<std::string> parse_reference(std::string_view value) {
  if (value.empty() || value.size() > EventLimits::reference_length) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> parse_event_type(std::string_view value) {
  return is_event_type(value) ? std::optional<std::string>{value} : std::nullopt;
}

ParameterReader::ParameterReader(const std::map<std::string, std::string>& values,
                                 std::initializer_list<std::string_view> known,
                                 std::span<const std::string_view> filters, std::vector<ProblemField>& errors,
                                 std::string prefix)
    : values_(values), errors_(errors), prefix_(std::move(prefix)) {
  for (const auto& [name, value] : values)
    if (std::ranges::find(known, name) == known.end() && std::ranges::find(filters, name) == filters.end())
      errors_.push_back({prefix_ + redact(name, 64), "is not a parameter of this resource"});
}

std::optional<std::string_view> ParameterReader::plain_text(const char* name) {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  if (is_plain_text(found->second)) return found->second;
  errors_.push_back({prefix_ + name, "must be UTF-8 without control characters"});
  return std::nullopt;
}

void read_filter(ParameterReader& reader, delivery::DeliveryFilter& filter) {
  filter.destinations = reader.list("destination_id", "must be a UUID, or up to 100 of them with commas between",
                                    delivery::DeliveryFilter::max_destinations, DestinationId::parse);
  filter.event_id = reader.one("event_id", "must be an event id", EventId::parse);
  filter.event_type = reader.one("event_type", "must be an event type", parse_event_type);
  filter.correlation_id = reader.one("correlation_id", "must be 1 to 128 bytes", parse_reference);
  filter.alert_id = reader.one("alert_id", "must be 1 to 128 bytes", parse_reference);
  filter.evidence_id = reader.one("evidence_id", "must be 1 to 128 bytes", parse_reference);
  filter.ticket_id = reader.one("ticket_id", "must be 1 to 128 bytes", parse_reference);
  filter.created_from = reader.one("created_from", "must be RFC 3339", parse_rfc3339);
  filter.created_to = reader.one("created_to", "must be RFC 3339", parse_rfc3339);
}

std::optional<int> parse_limit(std::string_view text) {
  int limit = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (failure != std::errc{} || end != text.data() + text.size() || limit < 1 || limit > max_page) return std::nullopt;
  return limit;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool restrict_to_held(delivery::DeliveryFilter& filter, bool held, const Holds& holds) {
  std::vector<DestinationId> unserved;
  for (const auto& [destination, hold] : holds) unserved.push_back(destination);
  if (!held) {
    filter.not_live_at = std::move(unserved);
    return true;
  }
  if (!filter.destinations.empty())
    std::erase_if(unserved, [&](const auto& id) {
      return std::ranges::find(filter.destinations, id) == filter.destinations.end();
    });
  filter.destinations = std::move(unserved);
  std::vector<DeliveryState> live;
  for (const auto state : all_delivery_states)
    if (!is_terminal(state) &&
        (filter.states.empty() || std::ranges::find(filter.states, state) != filter.states.end()))
      live.push_back(state);
  filter.states = std::move(live);
  return !filter.destinations.empty() && !filter.states.empty();
}

}  // namespace opi::api
