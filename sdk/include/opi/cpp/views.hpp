#pragma once
#include <opi/abi.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What the host hands over, as standard views. They are borrowed: valid until the call returns.
namespace opi::sdk {

inline std::string_view view(const opi_str& text) {
  return text.n == 0 ? std::string_view{} : std::string_view{text.p, text.n};
}
inline std::string_view text_view(const opi_bytes& bytes) {
  return bytes.n == 0 ? std::string_view{} : std::string_view{reinterpret_cast<const char*>(bytes.p), bytes.n};
}
inline opi_str raw(std::string_view text) { return {text.data(), text.size()}; }
inline opi_bytes raw_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// One attempt of a delivery; see opi_delivery for the contract of each field.
class Delivery {
 public:
  explicit Delivery(const opi_delivery& raw) : raw_(&raw) {}
  [[nodiscard]] std::uint32_t attempt() const { return raw_->attempt; }
  [[nodiscard]] bool unsigned_allowed() const { return (raw_->flags & OPI_DELIVERY_UNSIGNED_ALLOWED) != 0; }
  [[nodiscard]] std::string_view delivery_id() const { return view(raw_->delivery_id); }
  [[nodiscard]] std::string_view destination_id() const { return view(raw_->destination_id); }
  [[nodiscard]] std::string_view idempotency_key() const { return view(raw_->idempotency_key); }
  [[nodiscard]] std::string_view endpoint_url() const { return view(raw_->endpoint_url); }
  [[nodiscard]] std::string_view event_id() const { return view(raw_->event_id); }
  [[nodiscard]] std::string_view event_type() const { return view(raw_->event_type); }
  [[nodiscard]] std::string_view schema_version() const { return view(raw_->schema_version); }
  [[nodiscard]] std::string_view tenant_id() const { return view(raw_->tenant_id); }
  [[nodiscard]] std::string_view source() const { return view(raw_->source); }
  [[nodiscard]] std::string_view timestamp() const { return view(raw_->timestamp); }
  [[nodiscard]] std::string_view correlation_id() const { return view(raw_->correlation_id); }
  [[nodiscard]] std::string_view causation_id() const { return view(raw_->causation_id); }
  [[nodiscard]] std::string_view alert_id() const { return view(raw_->alert_id); }
  [[nodiscard]] std::string_view evidence_id() const { return view(raw_->evidence_id); }
  [[nodiscard]] std::string_view ticket_id() const { return view(raw_->ticket_id); }
  [[nodiscard]] std::string_view payload() const { return view(raw_->payload); }
  [[nodiscard]] std::string_view nonce() const { return text_view(raw_->nonce); }
  [[nodiscard]] std::string_view traceparent() const { return view(raw_->traceparent); }
  [[nodiscard]] std::uint64_t created_unix_ms() const { return raw_->created_unix_ms; }
  [[nodiscard]] std::uint64_t now_unix_ms() const { return raw_->now_unix_ms; }
#if OPI_TARGET_MINOR >= 1
  [[nodiscard]] std::uint32_t step() const { return raw_->step; }
  [[nodiscard]] std::string_view carry() const { return text_view(raw_->carry); }
  [[nodiscard]] std::string_view prior_ref() const { return view(raw_->prior_ref); }
  [[nodiscard]] std::string_view prior_url() const { return view(raw_->prior_url); }
#endif

 private:
  const opi_delivery* raw_;
};

class Response {
 public:
  explicit Response(const opi_response& raw) : raw_(&raw) {}
  [[nodiscard]] int status() const { return static_cast<int>(raw_->status); }
  [[nodiscard]] std::uint32_t transport() const { return raw_->transport; }
  [[nodiscard]] bool sent() const { return raw_->sent != 0; }
  [[nodiscard]] std::uint32_t elapsed_ms() const { return raw_->elapsed_ms; }
  [[nodiscard]] std::string_view body() const { return text_view(raw_->body); }
  [[nodiscard]] bool body_truncated() const { return (raw_->flags & OPI_RESPONSE_BODY_TRUNCATED) != 0; }
  [[nodiscard]] std::span<const opi_kv> headers() const { return {raw_->headers, raw_->n_headers}; }
  // The first header of this name, which is given in lower case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view lower_case_name) const {
    for (const auto& field : headers())
      if (view(field.k) == lower_case_name) return view(field.v);
    return std::nullopt;
  }

 private:
  const opi_response* raw_;
};

}  // namespace opi::sdk
