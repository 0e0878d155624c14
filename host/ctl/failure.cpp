#include "ctl/failure.hpp"

#include <boost/json/array.hpp>

#include "ctl/plain_text.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, const char* member) {
  const auto* value = object.if_contains(member);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

}  // namespace

Failure::Failure(ExitCode code, json::object problem)
    : std::runtime_error(text_of(problem, "detail")), code_(code), problem_(std::move(problem)) {}

Failure failure(ExitCode code, const std::string& name, const std::string& title, const std::string& detail) {
  return {code, {{"type", "urn:oneprotect:problem:" + name}, {"title", title}, {"detail", detail}}};
}

Failure usage_failure(const std::string& detail) {
  return failure(exit_usage, "usage", "The command line is wrong", detail);
}

ExitCode exit_code_of(int http_status) {
  switch (http_status) {
    case 400: return exit_usage;
    case 401:
    case 403: return exit_permission;
    case 404: return exit_missing;
    case 409:
    case 412:
    case 428: return exit_conflict;
    case 413:
    case 415:
    case 422: return exit_data;
    case 429:
    case 503: return exit_unavailable;
    default: return exit_internal;
  }
}

std::string lines_of(const json::object& problem) {
  std::string lines = "integrationsctl: " + plain(text_of(problem, "detail")) + "\n";
  if (const auto* errors = problem.if_contains("errors"); errors != nullptr && errors->is_array())
    for (const auto& error : errors->get_array())
      lines +=
          "  " + plain(text_of(error.as_object(), "field")) + " " + plain(text_of(error.as_object(), "message")) + "\n";
  return lines;
}

}  // namespace opi::ctl
