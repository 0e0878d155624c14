#include "delivery/envelope.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "delivery/json_text.hpp"
#include "domain/event.hpp"
#include "fuzz/text.hpp"

// An array is cut into elements as the API does; each is read as an envelope.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opi;
  const auto input = fuzz::text(data, size);
  auto pieces = delivery::array_elements(input, 100).value_or(std::vector{input});
  for (const auto piece : pieces) {
    const auto parsed = delivery::parse_envelope(piece);
    const auto* read = std::get_if<delivery::ParsedEvent>(&parsed);
    if (read == nullptr) {
      fuzz::require(!std::get<std::vector<delivery::FieldError>>(parsed).empty(), "a refusal says why");
      continue;
    }
    const Event& event = read->event;
    fuzz::require(!event.tenant_id.empty() && !event.event_id.empty(), "an event has its ids");
    fuzz::require(is_event_type(event.event_type) && delivery::is_rfc3339(event.timestamp), "fields are checked");
    fuzz::require(event.payload.size() <= EventLimits::payload_bytes, "the payload is within its limit");
    fuzz::require(event.payload.find('\0') == std::string::npos, "no NUL reaches the store");
    boost::json::error_code failure;
    const auto payload = boost::json::parse(event.payload, failure);
    fuzz::require(!failure && payload.is_object(), "the stored payload is a JSON object");
    fuzz::require(piece.find(event.payload) != std::string_view::npos, "the stored payload is what was written");
  }
  return 0;
}
