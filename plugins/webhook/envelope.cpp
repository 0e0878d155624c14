#include "envelope.hpp"

#include <opi/kit/json_text.hpp>

namespace opi::webhook {

std::string envelope_json(const sdk::Delivery& delivery) {
  std::string out;
  out.reserve(delivery.payload().size() + 512);
  const auto field = [&out](std::string_view name, std::string_view value) {
    out += out.empty() ? "{\"" : ",\"";
    out += name;
    if (value.empty()) {
      out += "\":null";
      return;
    }
    out += "\":\"";
    kit::append_escaped(out, value);
    out += '"';
  };
  field("event_id", delivery.event_id());
  field("event_type", delivery.event_type());
  field("schema_version", delivery.schema_version());
  field("tenant_id", delivery.tenant_id());
  field("source", delivery.source());
  field("timestamp", delivery.timestamp());
  field("correlation_id", delivery.correlation_id());
  field("causation_id", delivery.causation_id());
  out += ",\"payload\":";
  out += delivery.payload();
  out += '}';
  return out;
}

}  // namespace opi::webhook
