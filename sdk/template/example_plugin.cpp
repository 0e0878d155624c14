#include <opi/plugin.hpp>
#include <string>

namespace {

// Tells a receiver of events: POST {endpoint}, with an API token.
class Adapter {
 public:
  explicit Adapter(const opi::sdk::InstanceArgs& args) : config_(args.config_json) {
    if (!config_.starts_with('{')) throw opi::sdk::Failure("the configuration is not a JSON object");
  }

  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    std::string body = R"({"event_id":")" + std::string(delivery.event_id());  // ids need no escapes
    body += R"(","event_type":")" + std::string(delivery.event_type());
    body += R"(","options":)" + config_ + R"(,"payload":)" + std::string(delivery.payload()) + "}";
    request.url(delivery.endpoint_url())
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", delivery.idempotency_key())
        .header_secret("Authorization", "Bearer ", "token")
        .body(body);
  }

  opi::sdk::Verdict interpret(const opi::sdk::Delivery&, const opi::sdk::Response& response) const {
    const int status = response.status();
    if (status == 201) return opi::sdk::Verdict::delivered().external(created(response));
    if (status >= 200 && status < 300) return opi::sdk::Verdict::delivered();
    if (status == 401) return opi::sdk::Verdict::auth().reason("token_refused").detail("the API token was refused");
    if (status == 413) return opi::sdk::Verdict::reject().reason("too_large");
    return opi::sdk::Verdict::by_status();
  }

 private:
  // The last part of the path where the receiver put it. What a receiver says is hostile: the length is bounded.
  static std::string created(const opi::sdk::Response& response) {
    const auto location = response.header("location").value_or("");
    const auto id = location.substr(location.find_last_of('/') + 1);
    return id.size() <= 256 ? std::string(id) : "";
  }

  std::string config_;
};

}  // namespace

OPI_PLUGIN(opi::sdk::Adapter<Adapter, "example_plugin">)
