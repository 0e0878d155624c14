#include "delivery/filters.hpp"

#include <algorithm>
#include <boost/json/object.hpp>

#include "domain/text_controls.hpp"
#include "filtering/exact_json.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

static_assert(DestinationLimits::filter_length == filtering::FilterLimits::length);

// Signs that a reader does not see may stand in a filter as escapes only; a line may end anywhere.
bool hides_something(std::string_view text) {
  return has_controls(text) && std::ranges::any_of(text, [&](const char& c) {
           const auto rest = text.substr(static_cast<std::size_t>(&c - text.data()));
           return control_at(rest) > 0 && c != '\n' && c != '\r' && c != '\t';
         });
}

std::optional<filtering::Filter> parsed(std::string_view text) {
  auto result = parse_filter(text);
  auto* filter = std::get_if<filtering::Filter>(&result);
  return filter == nullptr ? std::nullopt : std::optional{std::move(*filter)};
}

}  // namespace

std::variant<filtering::Filter, FieldError> parse_filter(std::string_view text) {
  if (hides_something(text)) return FieldError{"filter", "contains control characters; \\u escapes stand for them"};
  auto result = filtering::Filter::parse(text);
  if (auto* filter = std::get_if<filtering::Filter>(&result)) return std::move(*filter);
  const auto& fault = std::get<filtering::SyntaxFault>(result);
  return FieldError{"filter", "at offset " + std::to_string(fault.offset) + ": " + fault.message, fault.offset};
}

std::optional<FieldError> filter_fault(const Destination& destination) {
  if (destination.filter.empty()) return std::nullopt;
  auto result = parse_filter(destination.filter);
  auto* fault = std::get_if<FieldError>(&result);
  return fault == nullptr ? std::nullopt : std::optional{std::move(*fault)};
}

const json::value* FilterSubject::value() {
  if (read_) return value_ ? &*value_ : nullptr;
  read_ = true;
  auto payload = filtering::exact_json(event_.payload);
  if (!payload) return nullptr;
  json::object envelope{{"event_id", event_.event_id.str()},
                        {"event_type", event_.event_type},
                        {"schema_version", event_.schema_version},
                        {"tenant_id", event_.tenant_id.str()},
                        {"source", event_.source},
                        {"timestamp", event_.timestamp}};
  if (!event_.correlation_id.empty()) envelope["correlation_id"] = event_.correlation_id;
  if (!event_.causation_id.empty()) envelope["causation_id"] = event_.causation_id;
  envelope["payload"] = *std::move(payload);
  value_ = std::move(envelope);
  return &*value_;
}

void Filters::follow(const Catalog& catalog) {
  std::unordered_map<std::string, Parsed> before;
  {
    const Lock lock(mutex_);
    before = parsed_;
  }
  std::unordered_map<std::string, Parsed> now;
  for (const auto& [id, destination] : catalog.destinations) {
    const auto& text = destination->filter;
    if (text.empty() || now.contains(text)) continue;
    const auto known = before.find(text);
    now.emplace(text, known == before.end() ? parsed(text) : known->second);
  }
  const Lock lock(mutex_);
  parsed_ = std::move(now);
}

bool Filters::can_read(const std::string& filter) const {
  const Lock lock(mutex_);
  const auto found = parsed_.find(filter);
  return found == parsed_.end() || found->second.has_value();
}

bool Filters::pass(const Destination& destination, FilterSubject& event) const {
  if (destination.filter.empty()) return true;
  Parsed filter;
  bool known = false;
  {
    const Lock lock(mutex_);
    if (const auto found = parsed_.find(destination.filter); found != parsed_.end()) {
      filter = found->second;
      known = true;
    }
  }
  if (!known) filter = parsed(destination.filter);  // of a catalog that is no longer the current one
  const auto* value = filter ? event.value() : nullptr;
  return value == nullptr || filter->matches(*value);
}

}  // namespace opi::delivery
