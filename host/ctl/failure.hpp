#pragma once
#include <boost/json/object.hpp>
#include <stdexcept>
#include <string>

#include "ctl/exit_code.hpp"

namespace opi::ctl {

// Ends a command: what is wrong, as a problem document (RFC 9457), and the exit code.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, boost::json::object problem);

  [[nodiscard]] ExitCode code() const { return code_; }
  [[nodiscard]] const boost::json::object& problem() const { return problem_; }

 private:
  ExitCode code_;
  boost::json::object problem_;
};

Failure usage_failure(const std::string& detail);
// `name` is the stable end of the problem's type.
Failure failure(ExitCode code, const std::string& name, const std::string& title, const std::string& detail);
// What an answer of the API that is no success means.
ExitCode exit_code_of(int http_status);

// The problem as lines for people: the detail, then a line for each member that is wrong.
std::string lines_of(const boost::json::object& problem);

}  // namespace opi::ctl
