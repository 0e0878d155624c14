#include "plugins/exchange_frames.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace opi::plugins {
namespace {

constexpr std::array delivery_texts{
    &opi_delivery::delivery_id,    &opi_delivery::destination_id, &opi_delivery::idempotency_key,
    &opi_delivery::endpoint_url,   &opi_delivery::event_id,       &opi_delivery::event_type,
    &opi_delivery::schema_version, &opi_delivery::tenant_id,      &opi_delivery::source,
    &opi_delivery::timestamp,      &opi_delivery::correlation_id, &opi_delivery::causation_id,
    &opi_delivery::alert_id,       &opi_delivery::evidence_id,    &opi_delivery::ticket_id,
    &opi_delivery::payload,        &opi_delivery::traceparent,    &opi_delivery::prior_ref,
    &opi_delivery::prior_url};
constexpr std::array verdict_texts{&opi_verdict::reason, &opi_verdict::detail, &opi_verdict::external_ref,
                                   &opi_verdict::external_url};
constexpr std::size_t whole = FrameLimits::bytes;      // the host's own texts are bounded where they come in
constexpr std::size_t verdict_text_bytes = 32 * 1024;  // more than any member of a verdict may have

// What there is of a struct that may be of an older or newer host than this.
template <class T>
T known_part(const T& value) {
  T known{};
  std::memcpy(&known, &value, std::min<std::size_t>(value.size, sizeof known));
  return known;
}

}  // namespace

void write(FrameWriter& out, const opi_delivery& given) {
  const auto delivery = known_part(given);
  out.u32(delivery.size).u32(delivery.flags).u32(delivery.attempt).u32(delivery.step);
  out.u64(delivery.created_unix_ms).u64(delivery.now_unix_ms);
  for (const auto member : delivery_texts) out.text(delivery.*member, whole);
  out.text(delivery.nonce, whole).text(delivery.carry, whole);
}

void read(FrameReader& in, opi_delivery& delivery) {
  delivery = {};
  delivery.size = std::min<std::uint32_t>(in.u32(), sizeof(opi_delivery));
  delivery.flags = in.u32();
  delivery.attempt = in.u32();
  delivery.step = in.u32();
  delivery.created_unix_ms = in.u64();
  delivery.now_unix_ms = in.u64();
  for (const auto member : delivery_texts) delivery.*member = in.plugin_text();
  delivery.nonce = in.plugin_bytes();
  delivery.carry = in.plugin_bytes();
}

void write(FrameWriter& out, const opi_response& given) {
  const auto response = known_part(given);
  out.u32(response.size).u32(response.flags).u32(response.status).u32(response.transport);
  out.u32(response.sent).u32(response.elapsed_ms).text(response.body, whole);
  out.u32(static_cast<std::uint32_t>(response.n_headers));
  for (std::uint64_t i = 0; i < response.n_headers; ++i)
    out.text(response.headers[i].k, whole).text(response.headers[i].v, whole);
}

void read(FrameReader& in, opi_response& response, std::vector<opi_kv>& headers) {
  response = {};
  response.size = std::min<std::uint32_t>(in.u32(), sizeof(opi_response));
  response.flags = in.u32();
  response.status = in.u32();
  response.transport = in.u32();
  response.sent = in.u32();
  response.elapsed_ms = in.u32();
  response.body = in.plugin_bytes();
  headers.clear();
  for (auto left = in.u32(); left > 0; --left) {
    const auto name = in.plugin_text();
    headers.push_back({name, in.plugin_text()});
  }
  response.headers = headers.data();
  response.n_headers = headers.size();
}

void write_verdict(FrameWriter& out, const opi_verdict* verdict) {
  out.u32(verdict == nullptr ? 0 : 1);
  if (verdict == nullptr) return;
  out.u32(verdict->size);
  if (verdict->size < offsetof(opi_verdict, external_url) + sizeof(verdict->external_url)) return;
  out.u32(verdict->kind).u32(verdict->flags).u64(verdict->retry_after_ms);
  for (const auto member : verdict_texts) out.text(verdict->*member, verdict_text_bytes);
  out.text(OPI_HAS(verdict, carry) ? verdict->carry : opi_bytes{}, verdict_text_bytes);
}

bool read_verdict(FrameReader& in, opi_verdict& verdict) {
  verdict = {};
  if (in.u32() == 0) return false;
  verdict.size = std::min<std::uint32_t>(in.u32(), sizeof(opi_verdict));
  if (verdict.size < offsetof(opi_verdict, external_url) + sizeof(verdict.external_url)) return true;
  verdict.size = sizeof(opi_verdict);
  verdict.kind = in.u32();
  verdict.flags = in.u32();
  verdict.retry_after_ms = in.u64();
  for (const auto member : verdict_texts) verdict.*member = in.plugin_text();
  verdict.carry = in.plugin_bytes();
  return true;
}

void write(FrameWriter& out, const opi_secret_query& query) {
  out.text(query.scheme, whole);
  out.u32(static_cast<std::uint32_t>(query.n_segments));
  for (std::uint64_t i = 0; i < query.n_segments; ++i) out.text(query.segments[i], whole);
  out.u32(static_cast<std::uint32_t>(query.n_keys));
  for (std::uint64_t i = 0; i < query.n_keys; ++i) out.text(query.keys[i], whole);
  out.text(query.version, whole).text(query.tenant, whole).text(query.if_not_version, whole);
  out.u64(query.deadline_mono_ns);
}

void read(FrameReader& in, QueryFields& fields) {
  auto& query = fields.query;
  query = {};
  query.size = sizeof query;
  query.scheme = in.plugin_text();
  for (auto left = in.u32(); left > 0; --left) fields.segments.push_back(in.plugin_text());
  for (auto left = in.u32(); left > 0; --left) fields.keys.push_back(in.plugin_text());
  query.segments = fields.segments.data();
  query.n_segments = fields.segments.size();
  query.keys = fields.keys.data();
  query.n_keys = fields.keys.size();
  query.version = in.plugin_text();
  query.tenant = in.plugin_text();
  query.if_not_version = in.plugin_text();
  query.deadline_mono_ns = in.u64();
}

// The version has been judged, and is short.
void write(FrameWriter& out, const opi_secret_meta& meta) {
  out.text(meta.version, whole).u64(meta.ttl_ms).u64(meta.expires_unix_ms);
}

void read(FrameReader& in, opi_secret_meta& meta) {
  meta = {};
  meta.size = sizeof meta;
  meta.version = in.plugin_text();
  meta.ttl_ms = in.u64();
  meta.expires_unix_ms = in.u64();
}

}  // namespace opi::plugins
