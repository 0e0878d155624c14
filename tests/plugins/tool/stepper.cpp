#include <opi/plugin.hpp>
#include <string>

namespace {

// Uses all that ABI 1.1 has: three steps, what the receiver called the subject, and a URL that is a secret.
class Stepper {
 public:
  explicit Stepper(const opi::sdk::InstanceArgs& args)
      : url_is_secret_(args.config_json.find("true") != std::string_view::npos) {}

  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    if (delivery.step() > 2) throw opi::sdk::Failure("there is no such step");
    if (url_is_secret_)
      request.url_secret("hook");
    else
      request.url(delivery.endpoint_url());
    std::string mac;
    request.hmac_sha256("token", delivery.payload(), [&](auto bytes, std::string_view) {
      for (const auto byte : bytes) mac += "0123456789abcdef"[byte >> 4], mac += "0123456789abcdef"[byte & 15];
    });
    request.header_secret("Authorization", "Bearer ", "token").header("X-Signature", mac);
    request.body(std::to_string(delivery.step()) + "|" + std::string(delivery.carry()) + "|" +
                 std::string(delivery.prior_ref()) + "|" + std::string(delivery.prior_url()) + "|" +
                 std::string(delivery.alert_id()) + "|" + std::string(delivery.payload()));
  }

  opi::sdk::Verdict interpret(const opi::sdk::Delivery& delivery, const opi::sdk::Response& response) const {
    if (response.status() != 200) return opi::sdk::Verdict::by_status();
    if (delivery.step() < 2) return opi::sdk::Verdict::proceed("after " + std::to_string(delivery.step()));
    return opi::sdk::Verdict::delivered().external("T-1", "https://receiver.example/T-1");
  }

 private:
  bool url_is_secret_;
};

}  // namespace

OPI_PLUGIN(opi::sdk::Adapter<Stepper, "stepper">)
