#pragma once
#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/http_message.hpp"

namespace opi::api {

// One thing that is wrong with the request's content.
struct ProblemField {
  std::string field;  // path, such as "[3].payload"
  std::string message;
  std::optional<std::size_t> offset{};  // in the field's text, in characters
};

// An error as RFC 9457 tells it. `code` is stable and ends its type URI ("urn:oneprotect:problem:<code>").
struct Problem {
  int status = 400;
  std::string code;
  std::string title;   // the same for every problem of this code
  std::string detail;  // about this one
  std::vector<ProblemField> fields;
  std::vector<std::pair<std::string, std::string>> headers;
  boost::json::object extra;  // further members
};

Response to_response(const Problem& problem);

// Thrown by routes; answered by the server.
class ProblemError : public std::runtime_error {
 public:
  explicit ProblemError(Problem problem) : std::runtime_error(problem.detail), problem_(std::move(problem)) {}
  [[nodiscard]] const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
};

Problem bad_request(std::string detail, std::vector<ProblemField> fields = {});
Problem invalid_content(std::string detail, std::vector<ProblemField> fields);
Problem unauthenticated(std::string detail);
Problem forbidden(std::string detail, std::vector<ProblemField> fields = {});
Problem not_found();
Problem too_large(std::string detail);
Problem csrf(std::string detail);
Problem too_many_requests(std::string detail, std::chrono::milliseconds retry_after);
Problem unavailable(std::string detail, int retry_after_seconds);
// Whether it was done is not known.
Problem commit_in_doubt(std::string detail, int retry_after_seconds);

}  // namespace opi::api
