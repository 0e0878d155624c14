#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opi::webhook {

using CustomHeaders = std::vector<std::pair<std::string, std::string>>;

// Throws sdk::Failure naming the header if its name or value is malformed, or if the name belongs to the host or to
// this adapter: those of the connection, content-type, user-agent, webhook-*, x-oneprotect-*, idempotency-key,
// x-correlation-id, traceparent, tracestate, and those that carry credentials (authorization, cookie, x-api-key).
void check_custom_header(std::string_view name, std::string_view value);

// Text that may hold anything, for a header value: bytes outside visible ASCII, and '%', are percent-encoded.
std::string header_text(std::string_view text);

}  // namespace opi::webhook
