#include "config.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <opi/kit/config.hpp>

namespace opi::webhook {
namespace {

namespace json = boost::json;

using kit::text;
using kit::wrong;

std::string content_type(const json::object& object) {
  auto type = text(object, "content_type", "application/json");
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  std::string_view name = type;
  if (type == "application/json") return type;
  if (!name.starts_with("application/") || !name.ends_with("+json"))
    wrong("content_type", "is not application/json or application/<name>+json");
  name.remove_prefix(12);
  name.remove_suffix(5);
  if (name.empty() || name.size() > 100 || !std::ranges::all_of(name, word))
    wrong("content_type", "has a malformed name");
  return type;
}

std::vector<Scheme> signatures(const json::object& object) {
  const auto* const value = object.if_contains("signatures");
  if (value == nullptr) return {Scheme::standard_webhooks};
  if (!value->is_array()) wrong("signatures", "is not an array");
  std::vector<Scheme> schemes;
  for (const auto& name : value->get_array()) {
    if (name == "standard-webhooks") {
      schemes.push_back(Scheme::standard_webhooks);
    } else if (name == "oneprotect-v1") {
      schemes.push_back(Scheme::oneprotect_v1);
    } else {
      wrong("signatures", "names an unknown scheme");
    }
    if (std::ranges::count(schemes, schemes.back()) > 1) wrong("signatures", "names a scheme twice");
  }
  return schemes;
}

Body body(const json::object& object) {
  const auto name = text(object, "body", "envelope");
  if (name == "envelope") return Body::envelope;
  if (name == "payload") return Body::payload;
  if (name == "template") return Body::from_template;
  if (name == "cloudevents") return Body::cloud_event;
  if (name == "cloudevents-binary") return Body::cloud_event_binary;
  wrong("body", "is not envelope, payload, template, cloudevents or cloudevents-binary");
}

// SDKs differ in what they make of a "ce-" beside what is there: some take the header, others the body.
void refuse_attributes(const kit::CustomHeaders& headers) {
  for (const auto& [name, value] : headers)
    if (name.size() > 2 && (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'e' && name[2] == '-')
      wrong("headers", "\"" + name + "\" would be an attribute of the CloudEvent, which has those of the event");
}

}  // namespace

Config parse_config(std::string_view text_of_json) {
  const auto object = kit::parse_config_object(text_of_json);

  Config config;
  config.method = text(object, "method", "POST");
  if (config.method != "POST" && config.method != "PUT" && config.method != "PATCH")
    wrong("method", "is not POST, PUT or PATCH");
  config.body = body(object);
  const auto missing = text(object, "missing", "null");
  if (missing != "null" && missing != "error") wrong("missing", "is not null or error");
  const bool has_template = object.contains("template");
  if (has_template != (config.body == Body::from_template))
    wrong("template", has_template ? "is given, but body is not \"template\"" : "is required if body is \"template\"");
  if (has_template)
    config.body_template.emplace(
        text(object, "template"),
        kit::Template::Rules{.missing = missing == "error" ? kit::Missing::error : kit::Missing::null});
  config.content_type = content_type(object);
  config.headers = kit::custom_headers(object, "headers", "headers");
  if (config.body == Body::cloud_event || config.body == Body::cloud_event_binary) refuse_attributes(config.headers);
  config.signatures = signatures(object);
  return config;
}

}  // namespace opi::webhook
