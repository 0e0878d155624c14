#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "check/report.hpp"

namespace opi::tool {

enum class CheckState {
  passed,
  failed,
  skipped,  // it could not be judged
};
std::string_view to_string(CheckState state);

struct CheckResult {
  std::string name;
  CheckState state = CheckState::passed;
  double seconds = 0;
  std::vector<Finding> findings;
  std::string reason;  // why it was skipped
};

bool none_failed(const std::vector<CheckResult>& results);

// {"file", "sha256", "checks": [{"name", "state", "seconds", "findings": [{"message", "remedy"}], "reason"}]}, the
// reason where it was skipped.
std::string json_of(const std::string& file, const std::string& sha256, const std::vector<CheckResult>& results);
// One test suite of JUnit's XML, a test case for each check.
std::string junit_of(const std::string& name, const std::vector<CheckResult>& results);

}  // namespace opi::tool
