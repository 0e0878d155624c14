#include "api/route_table.hpp"

#include <span>

#include "api/request_target.hpp"

namespace opi::api {
namespace {

// What a {…} of a pattern's segment matches; nullopt if the segment does not fit. A verb follows the last ':', so that
// "{id}" never takes "{id}:verb" for an id.
std::optional<std::string_view> parameter_of(std::string_view expected, std::string_view actual) {
  const auto verb = expected.substr(expected.find('}') + 1);
  if (!actual.ends_with(verb)) return std::nullopt;
  actual.remove_suffix(verb.size());
  if (actual.empty() || actual.find(':') != std::string_view::npos) return std::nullopt;
  return actual;
}

std::string joined(std::span<const std::string> segments) {
  std::string text;
  for (const auto& segment : segments) (text += segment) += '/';
  text.pop_back();
  return text;
}

std::optional<std::vector<std::string>> parameters_of(std::span<const std::string> pattern,
                                                      std::span<const std::string> path) {
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (i == path.size()) return std::nullopt;
    if (pattern[i] == "{*}") {
      parameters.push_back(joined(path.subspan(i)));
      return parameters;
    }
    if (!pattern[i].starts_with('{')) {
      if (pattern[i] != path[i]) return std::nullopt;
      continue;
    }
    const auto parameter = parameter_of(pattern[i], path[i]);
    if (!parameter) return std::nullopt;
    parameters.emplace_back(*parameter);
  }
  if (pattern.size() != path.size()) return std::nullopt;
  return parameters;
}

}  // namespace

void RouteTable::add(Route route) {
  patterns_.push_back(segments_of(route.pattern).value());
  routes_.push_back(std::move(route));
}

RouteTable::Match RouteTable::match(std::string_view method, std::string_view path) const {
  Match match;
  const auto segments = segments_of(path);
  if (!segments) return match;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& route = routes_[i];
    auto parameters = parameters_of(patterns_[i], *segments);
    if (!parameters) continue;
    if (route.method == method || (method == "HEAD" && route.method == "GET"))
      return {&route, std::move(*parameters), {}};
    if (match.allowed_methods.find(route.method) == std::string::npos)
      match.allowed_methods += (match.allowed_methods.empty() ? "" : ", ") + route.method;
  }
  return match;
}

}  // namespace opi::api
