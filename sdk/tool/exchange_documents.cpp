#include "exchange_documents.hpp"

#include <algorithm>
#include <array>

#include "crypto/digest.hpp"
#include "delivery/envelope.hpp"
#include "domain/header_field.hpp"
#include "failure.hpp"
#include "json_layout.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

constexpr std::size_t max_response_body = 64 * 1024;

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::delivered: return "delivered";
    case Verdict::retry: return "retry";
    case Verdict::reject: return "reject";
    case Verdict::throttle: return "throttle";
    case Verdict::auth: return "auth";
    case Verdict::disable: return "disable";
    case Verdict::proceed: return "continue";
    case Verdict::unknown: return "unknown";
  }
  return "";
}

constexpr std::array faults{TransportFault::name_resolution,
                            TransportFault::address_refused,
                            TransportFault::connect,
                            TransportFault::tls,
                            TransportFault::timeout,
                            TransportFault::reset,
                            TransportFault::protocol,
                            TransportFault::cancelled,
                            TransportFault::proxy};

bool is_utf8(const std::string& text) {
  json::stream_parser parser;
  boost::system::error_code error;
  const auto quoted = json::serialize(json::string(text));
  parser.write(quoted, error);
  return !error;
}

// Bytes that JSON cannot hold are shown in base64.
std::string shown(const std::string& bytes) {
  if (is_utf8(bytes)) return bytes;
  return "<base64:" + crypto::to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}) + ">";
}

}  // namespace

json::object request_document(const delivery::HttpRequest& request) {
  json::object headers;
  for (const auto& header : request.headers)
    if (lower_case(header.name) != "user-agent") headers[header.name] = header.value;
  json::object document{{"method", request.method}, {"url", request.url}, {"headers", std::move(headers)}};
  if (request.body.empty()) return document;
  boost::system::error_code error;
  auto body = json::parse(request.body, error);
  document["body"] = error || body.is_string() ? json::value(shown(request.body)) : std::move(body);
  return document;
}

json::object verdict_document(const Outcome& outcome) {
  json::object document{{"kind", name_of(outcome.verdict)}};
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) document[name] = shown(text);
  };
  const auto hosts_reason = "http_" + std::to_string(outcome.http_status.value_or(0));
  if (outcome.reason != hosts_reason) add("reason", outcome.reason);
  add("detail", outcome.detail);
  add("external_ref", outcome.external_ref);
  add("external_url", outcome.external_url);
  add("carry", outcome.carry);
  if (outcome.retry_after) document["retry_after_ms"] = outcome.retry_after->count();
  if (outcome.by_status) document["by_status"] = true;
  return document;
}

void refuse_other_members(const json::object& object, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object)
    if (std::ranges::find(known, std::string_view{name}) == known.end())
      throw Failure("\"" + std::string(name) + "\" is not a known member");
}

std::string text_member(const json::object& object, const char* name, const std::string& otherwise) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) throw Failure("\"" + std::string(name) + "\" is not a string");
  return std::string(value->get_string());
}

std::int64_t number_member(const json::object& object, const char* name, std::int64_t otherwise, std::int64_t least,
                           std::int64_t most) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr) return otherwise;
  if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most)
    throw Failure("\"" + std::string(name) + "\" is not a whole number from " + std::to_string(least) + " to " +
                  std::to_string(most));
  return value->get_int64();
}

bool flag_member(const json::object& object, const char* name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr) return false;
  if (!value->is_bool()) throw Failure("\"" + std::string(name) + "\" is not true or false");
  return value->get_bool();
}

delivery::HttpResponse response_of(const json::object& document) {
  refuse_other_members(document, {"status", "headers", "body", "body_truncated", "fault", "sent"});
  delivery::HttpResponse response;
  if (const auto name = text_member(document, "fault"); !name.empty()) {
    const auto found = std::ranges::find_if(faults, [&](auto fault) { return to_string(fault) == name; });
    if (found == faults.end()) throw Failure("\"fault\" is not one of the host's, such as timeout or connect_failed");
    response.fault = *found;
    response.request_sent = flag_member(document, "sent");
    return response;
  }
  response.status = static_cast<int>(number_member(document, "status", 200, 100, 599));
  response.request_sent = true;
  if (const auto* const headers = document.if_contains("headers")) {
    if (!headers->is_object()) throw Failure("\"headers\" is not an object");
    for (const auto& [name, value] : headers->get_object())
      response.headers.push_back({std::string(name), text_member(headers->get_object(), std::string(name).c_str())});
  }
  if (const auto* const body = document.if_contains("body"))
    response.body = body->is_string() ? std::string(body->get_string()) : compact(*body);
  response.body_truncated = flag_member(document, "body_truncated");
  if (response.body.size() > max_response_body)
    throw Failure("\"body\" is larger than the " + std::to_string(max_response_body) + " bytes that an adapter sees");
  return response;
}

}  // namespace opi::tool
