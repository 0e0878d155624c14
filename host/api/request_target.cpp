#include "api/request_target.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>

#include "api/problem.hpp"
#include "domain/redaction.hpp"
#include "domain/text.hpp"

namespace opi::api {
namespace {

std::optional<std::string> decoded(const std::string& text) {
  std::string result;
  try {
    Poco::URI::decode(text, result);
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
  return result;
}

// Without scheme and authority, if it has them.
std::string_view origin_form(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  target.remove_prefix(scheme + 3);
  const auto path = target.find_first_of("/?");
  return path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
}

std::string decoded_parameter(std::string_view text) {
  std::string blanks(text);
  std::ranges::replace(blanks, '+', ' ');
  auto value = decoded(blanks);
  if (!value) throw ProblemError(bad_request("The request target is not a valid URI"));
  return *std::move(value);
}

std::map<std::string, std::string> read_query(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decoded_parameter(pair.substr(0, equals));
    // Of two values one would count, and the sender may have meant the other.
    if (!query.emplace(name, decoded_parameter(pair.substr(std::min(equals + 1, pair.size())))).second)
      throw ProblemError(bad_request("A query parameter is not valid", {{redact(name, 64), "stands there twice"}}));
  }
  return query;
}

}  // namespace

RequestTarget read_target(std::string_view target) {
  target = origin_form(target.substr(0, target.find('#')));
  const auto question = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, question);
  const auto text = decoded(std::string(path));
  if (!text || !is_plain_text(*text)) throw ProblemError(bad_request("The request target is not a valid URI"));
  return {std::string(path), read_query(target.substr(std::min(question + 1, target.size())))};
}

std::optional<std::vector<std::string>> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  for (;;) {
    const auto end = std::min(path.find('/'), path.size());
    const auto raw = path.substr(0, end);
    auto segment = decoded(std::string(raw));
    // Both part what stands beside them: a proxy that looks for /tenants/ or :replay must find what a route is found
    // by.
    if (!segment || segment->find('/') != std::string::npos ||
        std::ranges::count(*segment, ':') != std::ranges::count(raw, ':'))
      return std::nullopt;
    segments.push_back(*std::move(segment));
    if (end == path.size()) return segments;
    path.remove_prefix(end + 1);
  }
}

}  // namespace opi::api
