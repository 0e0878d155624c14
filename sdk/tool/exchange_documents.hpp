#pragma once
// The two halves of an exchange as JSON documents: what golden cases hold and previews show.
#include <boost/json.hpp>

#include "delivery/adapter.hpp"

namespace opi::tool {

// {"method", "url", "headers": {…}, "body"}: the body as a JSON value if it is JSON, else as text. Without the
// User-Agent, which is the host's.
boost::json::object request_document(const delivery::HttpRequest& request);

// {"kind", …}: what is empty, or left to the host, is left out.
boost::json::object verdict_document(const Outcome& outcome);

// {"status", "headers": {…}, "body", "body_truncated"}, or {"fault": "timeout", "sent": true}. Throws Failure that
// names the member.
delivery::HttpResponse response_of(const boost::json::object& document);

// A member of a document; otherwise what is to stand for it. Both throw Failure that names the member.
std::string text_member(const boost::json::object& object, const char* name, const std::string& otherwise = {});
std::int64_t number_member(const boost::json::object& object, const char* name, std::int64_t otherwise,
                           std::int64_t least, std::int64_t most);
bool flag_member(const boost::json::object& object, const char* name);
// Throws Failure that names a member which is not among these.
void refuse_other_members(const boost::json::object& object, std::initializer_list<std::string_view> known);

}  // namespace opi::tool
