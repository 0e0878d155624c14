#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opi::api {

// What a request is about.
struct RequestTarget {
  std::string path;  // as sent: percent-encoded, so that an encoded '/' is told from one that parts segments
  std::map<std::string, std::string> query;  // decoded
};

// Reads a target in its origin or absolute form. Throws ProblemError 400 if it cannot be decoded, if its path holds
// characters that no path of ours has (NUL, other control characters, what is not UTF-8), or if a parameter stands
// there twice.
RequestTarget read_target(std::string_view target);

// The decoded segments of a path; nullopt for one that does not begin with '/', cannot be decoded or has a '/'
// inside a segment. What
// follows a last '/' is a segment, too: an empty one.
std::optional<std::vector<std::string>> segments_of(std::string_view path);

}  // namespace opi::api
