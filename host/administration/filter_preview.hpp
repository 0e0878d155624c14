#pragma once
#include <string_view>
#include <variant>
#include <vector>

#include "delivery/delivery_query.hpp"
#include "delivery/envelope.hpp"

namespace opi::administration {

struct FilterPreviewLimits {
  static constexpr int events = 1000, default_events = 300;
  static constexpr std::size_t payload_bytes = 16 * 1024 * 1024;  // of all that are looked at
};

struct FilterPreview {
  struct Match {
    EventId event_id;
    std::string event_type;
    UnixTime received_at{};
  };
  int events = 0;                // looked at
  std::optional<UnixTime> from;  // when the oldest of them came; nullopt: there is none
  std::vector<Match> matches;    // newest first
};

// What a destination with these event types and this filter would have been given of the tenant's last events. Members:
// event_types and filter as a destination has them; events, how many to look at. Changes nothing. Thread-safe. Throws
// StoreUnavailable.
std::variant<FilterPreview, std::vector<delivery::FieldError>> preview_filter(const TenantId& tenant,
                                                                              std::string_view json,
                                                                              delivery::DeliveryQuery& store);

}  // namespace opi::administration
