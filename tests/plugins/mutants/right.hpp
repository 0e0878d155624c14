#pragma once
#include <opi/plugin.hpp>
#include <string>

// An adapter that passes every check. A mutant derives from it and does one thing wrong.
class Right {
 public:
  explicit Right(const opi::sdk::InstanceArgs& args) : host_(args.host) {}

  void render(const opi::sdk::Delivery& delivery, opi::sdk::RequestBuilder& request) const {
    request.url(delivery.endpoint_url())
        .header("Content-Type", "application/json")
        .header_secret("Authorization", "Bearer ", "token")
        .body(delivery.payload());
  }
  opi::sdk::Verdict interpret(const opi::sdk::Delivery&, const opi::sdk::Response& response) const {
    return response.status() == 200 ? opi::sdk::Verdict::delivered() : opi::sdk::Verdict::by_status();
  }

 protected:
  opi::sdk::Host host_;
};
