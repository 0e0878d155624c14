#pragma once
#include <boost/json.hpp>
#include <string>

namespace opi::tool {

// JSON for people to read and to keep in a repository: what fits on a line of 120 stands on one.
// `depth` is how far it is nested in something else.
std::string laid_out(const boost::json::value& value, std::size_t depth = 0);

// JSON as other programs write it: without blanks, 8.7 and not 8.7E0.
std::string compact(const boost::json::value& value);

}  // namespace opi::tool
