#include "plugins/exchange_views.hpp"

#include <algorithm>

#include "crypto/digest.hpp"
#include "plugins/header_rules.hpp"

namespace opi::plugins {
namespace {

// W3C trace context: the trace is the correlation's, or the event's if it has none; the parent is this attempt.
std::string traceparent_of(const delivery::AttemptContext& context) {
  const auto& event = context.event;
  const auto& story = event.correlation_id.empty() ? event.event_id.str() : event.correlation_id;
  const auto digest = crypto::sha256("opi.trace.v1 " + event.tenant_id.str() + " " + story);
  auto trace = std::span(digest).first<16>();
  std::array<std::uint8_t, 8> parent{};
  std::copy_n(context.nonce.begin(), parent.size(), parent.begin());
  parent.back() |= 1;  // all zeros would be invalid
  return "00-" + crypto::to_hex(trace) + "-" + crypto::to_hex(parent) + "-01";
}

std::uint32_t transport_of(TransportFault fault) {
  switch (fault) {
    case TransportFault::none: return OPI_TRANSPORT_OK;
    case TransportFault::name_resolution: return OPI_TRANSPORT_NAME_RESOLUTION;
    case TransportFault::address_refused: return OPI_TRANSPORT_ADDRESS_REFUSED;
    case TransportFault::connect: return OPI_TRANSPORT_CONNECT;
    case TransportFault::proxy: return OPI_TRANSPORT_CONNECT;  // which way it goes is the host's business
    case TransportFault::tls: return OPI_TRANSPORT_TLS;
    case TransportFault::timeout: return OPI_TRANSPORT_TIMEOUT;
    case TransportFault::reset: return OPI_TRANSPORT_RESET;
    case TransportFault::protocol: return OPI_TRANSPORT_PROTOCOL;
    case TransportFault::cancelled: return OPI_TRANSPORT_CANCELLED;
  }
  return OPI_TRANSPORT_RESET;
}

}  // namespace

DeliveryView::DeliveryView(const delivery::AttemptContext& context)
    : delivery_id_(context.delivery.to_string()),
      destination_id_(context.destination.id.to_string()),
      key_(crypto::to_hex(context.idempotency_key.bytes)),
      traceparent_(traceparent_of(context)),
      nonce_(context.nonce) {
  const auto& event = context.event;
  raw_.size = sizeof(opi_delivery);
  raw_.flags = context.destination.signing == SigningRule::disabled ? std::uint32_t{OPI_DELIVERY_UNSIGNED_ALLOWED} : 0u;
  raw_.attempt = static_cast<std::uint32_t>(context.attempt_number);
  raw_.delivery_id = raw(delivery_id_);
  raw_.destination_id = raw(destination_id_);
  raw_.idempotency_key = raw(key_);
  raw_.endpoint_url = raw(context.destination.endpoint);
  raw_.event_id = raw(event.event_id.str());
  raw_.event_type = raw(event.event_type);
  raw_.schema_version = raw(event.schema_version);
  raw_.tenant_id = raw(event.tenant_id.str());
  raw_.source = raw(event.source);
  raw_.timestamp = raw(event.timestamp);
  raw_.correlation_id = raw(event.correlation_id);
  raw_.causation_id = raw(event.causation_id);
  raw_.alert_id = raw(event.alert_id);
  raw_.evidence_id = raw(event.evidence_id);
  raw_.ticket_id = raw(event.ticket_id);
  raw_.payload = raw(event.payload);
  raw_.nonce = {nonce_.data(), nonce_.size()};
  raw_.traceparent = raw(traceparent_);
  raw_.created_unix_ms =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, context.created_at.time_since_epoch().count()));
  raw_.now_unix_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, context.now.time_since_epoch().count()));
  raw_.step = static_cast<std::uint32_t>(context.step);
  raw_.carry = raw_bytes(context.carry);
  raw_.prior_ref = raw(context.prior_ref);
  raw_.prior_url = raw(context.prior_url);
}

ResponseView::ResponseView(const delivery::HttpResponse& response) {
  names_.reserve(response.headers.size());
  for (const auto& header : response.headers) {
    names_.push_back(lower_case(header.name));
    headers_.push_back({raw(names_.back()), raw(header.value)});
  }
  raw_ = {sizeof(opi_response),
          response.body_truncated ? std::uint32_t{OPI_RESPONSE_BODY_TRUNCATED} : 0u,
          static_cast<std::uint32_t>(response.status),
          transport_of(response.fault),
          response.request_sent ? 1u : 0u,
          static_cast<std::uint32_t>(std::clamp<std::int64_t>(response.elapsed.count(), 0, UINT32_MAX)),
          headers_.data(),
          headers_.size(),
          raw_bytes(response.body)};
}

}  // namespace opi::plugins
