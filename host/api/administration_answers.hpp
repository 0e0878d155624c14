#pragma once
#include <boost/json/object.hpp>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "administration/change.hpp"
#include "api/delivery_views.hpp"
#include "api/filter_parameters.hpp"
#include "api/http_message.hpp"
#include "api/problem.hpp"

// What the routes of what people administer have in common.
namespace opi::api {

inline constexpr int default_page = 50;

// Reads the query's parameters, of which `known` are all. Throws ProblemError 400 that names each that is wrong.
template <class Read>
void read_parameters(const Request& request, std::initializer_list<std::string_view> known, Read read) {
  std::vector<ProblemField> errors;
  ParameterReader reader(request.query, known, errors);
  read(reader);
  if (!errors.empty()) throw ProblemError(bad_request("A query parameter is not valid", std::move(errors)));
}
inline void refuse_parameters(const Request& request) {
  read_parameters(request, {}, [](ParameterReader&) {});
}

// Throws ProblemError 415 unless the body is application/json.
void require_json(const Request& request);
// The body as one JSON object that names no member twice. Throws ProblemError 415, or 422 with `outcome` as its detail.
boost::json::object document_of(const Request& request, const char* outcome = "Nothing was changed");
// Throws ProblemError 422, with `outcome` as its detail, if anything is wrong.
void refuse_faults(const std::vector<delivery::FieldError>& faults, const char* outcome = "Nothing was changed");

// The revision that If-Match names; nullopt if there is no such header or it is "*".
// Throws ProblemError 400 for what is no entity tag.
std::optional<std::int64_t> seen_revision(const Request& request);
// The same; throws ProblemError 428 if there is no such header.
std::optional<std::int64_t> required_revision(const Request& request);

// With the strong ETag of a revision.
Response versioned_answer(const boost::json::object& body, std::int64_t revision, int status = 200);

// Throws the ProblemError of whatever is not done.
void expect_done(administration::ChangeStatus status, const std::vector<delivery::FieldError>& errors);
template <class Content>
Content done(administration::Change<Content> change) {
  expect_done(change.status, change.errors);
  return std::move(change.content);
}

}  // namespace opi::api
