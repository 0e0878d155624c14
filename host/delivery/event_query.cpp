#include "delivery/event_query.hpp"

#include <charconv>

namespace opi::delivery {

std::optional<EventPlace> EventPlace::parse(std::string_view text) {
  EventPlace place;
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + dot, place.received_at);
  if (failure != std::errc{} || end != text.data() + dot || place.received_at < 0) return std::nullopt;
  const auto id = EventId::parse(text.substr(dot + 1));
  if (!id) return std::nullopt;
  place.event_id = id->str();
  return place;
}

std::pair<DueTime, EventPlace> EventFilter::range() const {
  const auto micros = [](UnixTime time) { return std::chrono::microseconds{time.time_since_epoch()}.count(); };
  EventPlace end;
  if (received_to) end.received_at = micros(*received_to);
  // Both are ends that are not in the answer; an id is never empty, so that of a time alone is before all of it.
  if (before && before->received_at < end.received_at) end = *before;
  return {received_from ? micros(*received_from) : due_since_ever, end};
}

}  // namespace opi::delivery
