#pragma once
#include <opi/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opi::webhook {

// An event as CloudEvents 1.0 (https://github.com/cloudevents/spec): its context attributes, by name, in the order in
// which they are written, without the data. What the event does not have is left out. `data_type` is what its payload
// is, a media type of JSON.
using CloudAttributes = std::vector<std::pair<std::string_view, std::string>>;
CloudAttributes cloud_attributes(const sdk::Delivery& delivery, std::string_view data_type);

// The JSON event format: attributes and payload in one object, for application/cloudevents+json.
std::string cloud_event_json(const CloudAttributes& attributes, std::string_view payload);

// The attributes as header fields of the HTTP binding's binary mode ("ce-id" …), values percent-encoded as it says.
// datacontenttype is none of them: there it is the Content-Type.
std::vector<std::pair<std::string, std::string>> cloud_event_headers(const CloudAttributes& attributes);

// Text as a URI reference (RFC 3986) that looks as much like it as can be: as it is if it is one. Not for empty text.
std::string uri_reference(std::string_view text);

// An RFC 3339 time in whole seconds, in upper case, a leap second as the one before it: what every SDK reads.
std::string whole_seconds(std::string_view timestamp);

}  // namespace opi::webhook
