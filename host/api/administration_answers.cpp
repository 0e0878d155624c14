#include "api/administration_answers.hpp"

#include <charconv>

#include "administration/document.hpp"

namespace opi::api {
namespace {

using administration::ChangeStatus;

constexpr std::size_t max_reported_errors = 50;

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Problem conflict(const char* code, const char* title, const char* detail, int status = 409) {
  Problem problem;
  problem.status = status;
  problem.code = code;
  problem.title = title;
  problem.detail = detail;
  return problem;
}

}  // namespace

void require_json(const Request& request) {
  if (request.content_type != "application/json")
    throw ProblemError(
        conflict("unsupported-media-type", "Unsupported media type", "Content-Type must be application/json", 415));
}

boost::json::object document_of(const Request& request, const char* outcome) {
  require_json(request);
  auto parsed = administration::parse_document(request.body);
  if (const auto* faults = std::get_if<std::vector<delivery::FieldError>>(&parsed)) refuse_faults(*faults, outcome);
  return std::get<boost::json::object>(std::move(parsed));
}

void refuse_faults(const std::vector<delivery::FieldError>& faults, const char* outcome) {
  if (faults.empty()) return;
  std::vector<ProblemField> fields;
  for (const auto& fault : faults)
    if (fields.size() < max_reported_errors) fields.push_back({fault.field, fault.message, fault.offset});
  throw ProblemError(invalid_content(outcome, std::move(fields)));
}

std::optional<std::int64_t> seen_revision(const Request& request) {
  std::string_view tag = request.if_match;
  if (tag.empty() || tag == "*") return std::nullopt;
  const bool quoted = tag.size() > 2 && tag.starts_with('"') && tag.ends_with('"');
  const auto revision = quoted ? number_of(tag.substr(1, tag.size() - 2)) : std::nullopt;
  if (!revision)
    throw ProblemError(bad_request("A header is not valid", {{"If-Match", "must be one ETag of this resource, or *"}}));
  return revision;
}

std::optional<std::int64_t> required_revision(const Request& request) {
  if (request.if_match.empty())
    throw ProblemError(conflict("precondition-required", "A precondition is required",
                                "Send the ETag of what you change as If-Match, so that nobody's change is lost", 428));
  return seen_revision(request);
}

Response versioned_answer(const boost::json::object& body, std::int64_t revision, int status) {
  auto response = json_answer(body, status);
  response.headers.emplace_back("ETag", "\"" + std::to_string(revision) + "\"");
  return response;
}

void expect_done(ChangeStatus status, const std::vector<delivery::FieldError>& errors) {
  switch (status) {
    case ChangeStatus::done: return;
    case ChangeStatus::invalid: return refuse_faults(errors);
    case ChangeStatus::missing: throw ProblemError(not_found());
    case ChangeStatus::exists: throw ProblemError(conflict("exists", "It exists", "There is one of this id already"));
    case ChangeStatus::stale:
      throw ProblemError(conflict("precondition-failed", "It was changed meanwhile",
                                  "If-Match names another revision than the current one; read it again", 412));
    case ChangeStatus::busy:
      throw ProblemError(conflict("destination-busy", "The destination is busy",
                                  "It still has live deliveries; it can be deleted when they have ended"));
    case ChangeStatus::miscounted:
      throw ProblemError(conflict("deliveries-changed", "Another number of deliveries waits",
                                  "It is not the one that was confirmed; count again"));
    case ChangeStatus::newer:
      throw ProblemError(
          conflict("newer-version", "A newer version has written it",
                   "It says what this version does not know and would lose; change it by a daemon of the "
                   "newer version"));
    case ChangeStatus::unbound:
      throw ProblemError(conflict("credential-unbound", "A credential was put for another receiver",
                                  "Nothing is sent until each credential that is unbound is put again, or revoked"));
    case ChangeStatus::disabled:
      throw ProblemError(
          conflict("destination-disabled", "The destination is disabled", "Nothing is sent to it; enable it first"));
  }
}

}  // namespace opi::api
