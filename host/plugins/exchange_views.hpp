#pragma once
#include <array>
#include <string>
#include <vector>

#include "delivery/adapter.hpp"
#include "plugins/abi.hpp"

namespace opi::plugins {

// The ABI's view of an attempt, with what it borrows beyond the context's texts: the context itself may go.
class DeliveryView {
 public:
  explicit DeliveryView(const delivery::AttemptContext& context);
  DeliveryView(const DeliveryView&) = delete;
  DeliveryView& operator=(const DeliveryView&) = delete;
  [[nodiscard]] const opi_delivery* get() const { return &raw_; }

 private:
  std::string delivery_id_, destination_id_, key_, traceparent_;
  std::array<std::uint8_t, 16> nonce_;
  opi_delivery raw_{};
};

// The ABI's view of a response, which it borrows.
class ResponseView {
 public:
  explicit ResponseView(const delivery::HttpResponse& response);
  ResponseView(const ResponseView&) = delete;
  ResponseView& operator=(const ResponseView&) = delete;
  [[nodiscard]] const opi_response* get() const { return &raw_; }

 private:
  std::vector<std::string> names_;
  std::vector<opi_kv> headers_;
  opi_response raw_{};
};

}  // namespace opi::plugins
