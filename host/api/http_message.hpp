#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/ids.hpp"
#include "identity/identity.hpp"

namespace opi::api {

// A request as routes see it: authenticated, its body read within the limit.
struct Request {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::vector<std::string> parameters;  // what the route's {…} segments matched, in order
  std::string content_type;             // lower case, without parameters
  std::string if_match, if_none_match;  // as sent, empty if absent
  std::string accept_encoding;          // likewise
  std::string body;
  std::string authorization;  // as sent; for the exchange of a bearer for a session
  std::string address;        // whom failed attempts to sign in are counted for
  identity::Identity identity;
  identity::Caller caller;  // the same identity, with what it rests on
  TenantId tenant;          // the one the request is about; empty for routes that are about none
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace opi::api
