#include "api/route_table.hpp"

namespace opi::api {
namespace {

std::string_view next_segment(std::string_view& path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto end = std::min(path.find('/'), path.size());
  const auto segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

// What a {…} of a pattern's segment matches; nullopt if the segment does not fit. A verb follows the last ':', so that
// "{id}" never takes "{id}:verb" for an id.
std::optional<std::string_view> parameter_of(std::string_view expected, std::string_view actual) {
  const auto verb = expected.substr(expected.find('}') + 1);
  if (!actual.ends_with(verb)) return std::nullopt;
  actual.remove_suffix(verb.size());
  if (actual.empty() || actual.find(':') != std::string_view::npos) return std::nullopt;
  return actual;
}

std::optional<std::vector<std::string>> parameters_of(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty() && !path.empty()) {
    const auto expected = next_segment(pattern);
    if (expected == "{*}") {
      parameters.emplace_back(path.substr(1));
      return parameters;
    }
    const auto actual = next_segment(path);
    if (!expected.starts_with('{')) {
      if (expected != actual) return std::nullopt;
      continue;
    }
    const auto parameter = parameter_of(expected, actual);
    if (!parameter) return std::nullopt;
    parameters.emplace_back(*parameter);
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parameters;
}

}  // namespace

RouteTable::Match RouteTable::match(std::string_view method, std::string_view path) const {
  Match match;
  for (const auto& route : routes_) {
    auto parameters = parameters_of(route.pattern, path);
    if (!parameters) continue;
    if (route.method == method || (method == "HEAD" && route.method == "GET"))
      return {&route, std::move(*parameters), {}};
    if (match.allowed_methods.find(route.method) == std::string::npos)
      match.allowed_methods += (match.allowed_methods.empty() ? "" : ", ") + route.method;
  }
  return match;
}

}  // namespace opi::api
