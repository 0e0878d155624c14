#include <opi/kit/retry_after.hpp>
#include <opi/plugin.hpp>
#include <string>

#include "cloud_event.hpp"
#include "config.hpp"
#include "envelope.hpp"

namespace opi::webhook {
namespace {

// The generic HTTP webhook; docs/webhook.md is its contract.
class Adapter {
 public:
  explicit Adapter(const sdk::InstanceArgs& args) : config_(parse_config(args.config_json)) {
    if (config_.signatures.empty() && !args.unsigned_allowed)
      throw sdk::Failure("signatures: is empty, but the destination must not be sent to unsigned");
  }

  void render(const sdk::Delivery& delivery, sdk::RequestBuilder& request) const {
    const auto body = body_of(delivery);
    const auto id = "msg_" + std::string(delivery.idempotency_key());
    const auto timestamp = std::to_string(delivery.now_unix_ms() / 1000);
    request.method(config_.method).url(delivery.endpoint_url());
    request.header("Content-Type",
                   config_.body == Body::cloud_event ? "application/cloudevents+json" : config_.content_type);
    request.header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("Idempotency-Key", delivery.idempotency_key())
        .header("X-OneProtect-Event-Type", delivery.event_type())
        .header("traceparent", delivery.traceparent());
    if (!delivery.correlation_id().empty())
      request.header("X-Correlation-Id", kit::header_text(delivery.correlation_id()));
    if (config_.body == Body::cloud_event_binary)
      for (const auto& [name, value] : cloud_event_headers(cloud_attributes(delivery, config_.content_type)))
        request.header(name, value);
    for (const auto& [name, value] : config_.headers) request.header(name, value);
    for (const auto scheme : config_.signatures) sign(request, scheme, {id, timestamp, body});
    request.body(body);
  }

  [[nodiscard]] sdk::Verdict interpret(const sdk::Delivery& delivery, const sdk::Response& response) const {
    const int status = response.status();
    const auto wait = kit::wait_of(delivery, response);
    if (status >= 200 && status < 300) return sdk::Verdict::delivered();
    if (status >= 300 && status < 400) return sdk::Verdict::reject().detail("redirects are not followed");
    if (status == 410) return sdk::Verdict::disable().detail("the receiver says that this endpoint is gone for good");
    if (status == 429) return sdk::Verdict::throttle().retry_after(wait);
    if (status == 503) return sdk::Verdict::by_status().retry_after(wait);
    return sdk::Verdict::by_status();
  }

 private:
  [[nodiscard]] std::string body_of(const sdk::Delivery& delivery) const {
    switch (config_.body) {
      case Body::payload:
      case Body::cloud_event_binary: return std::string(delivery.payload());
      case Body::cloud_event:
        return cloud_event_json(cloud_attributes(delivery, config_.content_type), delivery.payload());
      case Body::from_template: return config_.body_template->render(delivery);
      case Body::envelope: break;
    }
    return envelope_json(delivery);
  }

  Config config_;
};

}  // namespace
}  // namespace opi::webhook

OPI_PLUGIN(opi::sdk::Adapter<opi::webhook::Adapter, "webhook">)
