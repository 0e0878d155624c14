#pragma once
#include <opi/kit/custom_headers.hpp>
#include <opi/kit/template.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signature.hpp"

namespace opi::webhook {

// cloud_event: CloudEvents 1.0, in the HTTP binding's structured or binary mode.
enum class Body { envelope, payload, from_template, cloud_event, cloud_event_binary };

// A destination's configuration; manifest.json has its schema and docs/webhook.md explains it. Immutable.
struct Config {
  std::string method = "POST";
  Body body = Body::envelope;
  std::optional<kit::Template> body_template;     // if body is from_template
  std::string content_type = "application/json";  // of a structured cloud_event: of its data
  kit::CustomHeaders headers;
  std::vector<Scheme> signatures{Scheme::standard_webhooks};
};

// Throws sdk::Failure that names the field.
Config parse_config(std::string_view json);

}  // namespace opi::webhook
