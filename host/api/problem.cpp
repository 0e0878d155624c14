#include "api/problem.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace opi::api {
namespace {

Problem make(int status, const char* code, const char* title, std::string detail,
             std::vector<ProblemField> fields = {}) {
  Problem problem;
  problem.status = status;
  problem.code = code;
  problem.title = title;
  problem.detail = std::move(detail);
  problem.fields = std::move(fields);
  return problem;
}

}  // namespace

Response to_response(const Problem& problem) {
  boost::json::object body{{"type", "urn:oneprotect:problem:" + problem.code},
                           {"title", problem.title},
                           {"status", problem.status},
                           {"detail", problem.detail}};
  if (!problem.fields.empty()) {
    boost::json::array errors;
    for (const auto& field : problem.fields) {
      boost::json::object error{{"field", field.field}, {"message", field.message}};
      if (field.offset) error["offset"] = *field.offset;
      errors.push_back(std::move(error));
    }
    body["errors"] = std::move(errors);
  }
  for (const auto& member : problem.extra) body[member.key()] = member.value();
  return {problem.status, "application/problem+json", boost::json::serialize(body), problem.headers};
}

Problem bad_request(std::string detail, std::vector<ProblemField> fields) {
  return make(400, "bad-request", "The request cannot be read", std::move(detail), std::move(fields));
}
Problem invalid_content(std::string detail, std::vector<ProblemField> fields) {
  return make(422, "invalid-content", "The content is not valid", std::move(detail), std::move(fields));
}
Problem unauthenticated(std::string detail) {
  auto problem = make(401, "unauthenticated", "Authentication is required", std::move(detail));
  problem.headers.emplace_back("WWW-Authenticate", "Bearer");
  return problem;
}
Problem forbidden(std::string detail, std::vector<ProblemField> fields) {
  return make(403, "forbidden", "Not allowed", std::move(detail), std::move(fields));
}
Problem not_found() { return make(404, "not-found", "Not found", "There is no such resource"); }
Problem too_large(std::string detail) { return make(413, "too-large", "The request is too large", std::move(detail)); }
Problem csrf(std::string detail) {
  return make(403, "csrf", "The request does not show that a page of this site sent it", std::move(detail));
}
Problem too_many_requests(std::string detail, std::chrono::milliseconds retry_after) {
  auto problem = make(429, "too-many-requests", "Too many requests", std::move(detail));
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after).count();
  problem.headers.emplace_back("Retry-After", std::to_string(std::max<long long>(1, seconds)));
  return problem;
}
Problem unavailable(std::string detail, int retry_after_seconds) {
  auto problem = make(503, "unavailable", "Temporarily unavailable", std::move(detail));
  problem.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
  return problem;
}

Problem commit_in_doubt(std::string detail, int retry_after_seconds) {
  auto problem = make(503, "commit-in-doubt", "Whether it was done is not known", std::move(detail));
  problem.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
  return problem;
}

}  // namespace opi::api
