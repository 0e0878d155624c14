#include "administration/filter_preview.hpp"

#include <algorithm>

#include "administration/document.hpp"
#include "delivery/destination_fields.hpp"
#include "delivery/filters.hpp"

namespace opi::administration {
namespace {

bool is_given(const Destination& destination, const filtering::Filter* filter, const Event& event) {
  const bool subscribed = std::ranges::any_of(destination.subscriptions, [&](const std::string& pattern) {
    return subscription_matches(pattern, event.event_type);
  });
  if (!subscribed || filter == nullptr) return subscribed;
  delivery::FilterSubject subject(event);
  const auto* value = subject.value();
  return value == nullptr || filter->matches(*value);
}

}  // namespace

std::variant<FilterPreview, std::vector<delivery::FieldError>> preview_filter(const TenantId& tenant,
                                                                              std::string_view json,
                                                                              delivery::DeliveryQuery& store) {
  auto parsed = parse_document(json);
  if (auto* errors = std::get_if<std::vector<delivery::FieldError>>(&parsed)) return std::move(*errors);
  std::vector<delivery::FieldError> errors;
  delivery::JsonFields fields(std::get<boost::json::object>(parsed), "", errors);
  fields.refuse_unknown({"event_types", "filter", "events"});
  Destination wanted;
  delivery::read_subscription(fields, wanted);
  const auto limit = fields.integer("events", 1, FilterPreviewLimits::events);
  if (!errors.empty()) return errors;

  std::optional<filtering::Filter> filter;
  if (!wanted.filter.empty()) filter = std::get<filtering::Filter>(delivery::parse_filter(wanted.filter));
  FilterPreview preview;
  std::size_t bytes = 0;
  store.recent_events(tenant, static_cast<int>(limit.value_or(FilterPreviewLimits::default_events)),
                      [&](const Event& event, UnixTime received_at) {
                        ++preview.events;
                        preview.from = received_at;
                        if (is_given(wanted, filter ? &*filter : nullptr, event))
                          preview.matches.push_back({event.event_id, event.event_type, received_at});
                        bytes += event.payload.size();
                        return bytes < FilterPreviewLimits::payload_bytes;
                      });
  return preview;
}

}  // namespace opi::administration
