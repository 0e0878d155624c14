#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>

#include "ctl/arguments.hpp"
#include "ctl/context.hpp"

namespace opi::ctl {

// A request of the API, answered in this process by the daemon's own routes, so that both give the same documents,
// apply the same rules and leave the same audit records.
struct Call {
  std::string method, path;  // below /api/v1, such as "/tenants"
  std::map<std::string, std::string> query = {};
  std::string body = {};                      // JSON
  std::optional<std::int64_t> revision = {};  // what the caller saw; nullopt: he does not care
};

struct Answer {
  int status = 200;
  boost::json::object body;              // empty if there is none
  std::optional<std::int64_t> revision;  // of what can be changed
};

// About the tenant that --tenant names, or the installation. Throws Failure with the route's problem; what it says of
// query parameters is said of the options that they came from.
Answer call(Context& context, const Arguments& arguments, const Call& call);

// With the query that the options make.
Answer get(Context& context, const Arguments& arguments, const std::string& path);

// The id as one segment of a path. Throws Failure (missing) for what no id of the API can be.
std::string segment(const std::string& id);

// The document in a file, or on standard input for "-". Throws Failure (missing, data).
std::string read_document(Context& context, const std::string& file);

}  // namespace opi::ctl
