#include "check/check_result.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>

#include "json_layout.hpp"

namespace opi::tool {
namespace {

namespace json = boost::json;

// Text as XML content or attribute. Bytes that XML cannot hold become '?'.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c >= 0x20 && c < 0x7f ? c : '?';
    }
  }
  return out;
}

std::size_t count(const std::vector<CheckResult>& results, CheckState state) {
  return static_cast<std::size_t>(std::ranges::count(results, state, &CheckResult::state));
}

}  // namespace

std::string_view to_string(CheckState state) {
  switch (state) {
    case CheckState::passed: return "passed";
    case CheckState::failed: return "failed";
    case CheckState::skipped: return "skipped";
  }
  return "";
}

bool none_failed(const std::vector<CheckResult>& results) { return count(results, CheckState::failed) == 0; }

std::string json_of(const std::string& file, const std::string& sha256, const std::vector<CheckResult>& results) {
  json::array checks;
  for (const auto& result : results) {
    json::array findings;
    for (const auto& finding : result.findings)
      findings.push_back({{"message", finding.message}, {"remedy", finding.remedy}});
    json::object check{{"name", result.name},
                       {"state", to_string(result.state)},
                       {"seconds", result.seconds},
                       {"findings", std::move(findings)}};
    if (result.state == CheckState::skipped) check["reason"] = result.reason;
    checks.push_back(std::move(check));
  }
  return laid_out(json::object{{"file", file}, {"sha256", sha256}, {"checks", std::move(checks)}});
}

std::string junit_of(const std::string& name, const std::vector<CheckResult>& results) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"" << escaped(name) << "\" tests=\""
      << results.size() << "\" failures=\"" << count(results, CheckState::failed) << "\" skipped=\""
      << count(results, CheckState::skipped) << "\">\n";
  for (const auto& result : results) {
    out << "  <testcase classname=\"opi-plugin check\" name=\"" << result.name << "\" time=\"" << result.seconds
        << "\">\n";
    if (result.state == CheckState::skipped) out << "    <skipped message=\"" << escaped(result.reason) << "\"/>\n";
    if (result.state == CheckState::failed) {
      out << "    <failure message=\"" << escaped(result.findings.front().message) << "\">";
      for (const auto& finding : result.findings) out << escaped(finding.message + " (" + finding.remedy + ")") << "\n";
      out << "</failure>\n";
    }
    out << "  </testcase>\n";
  }
  out << "</testsuite>\n";
  return out.str();
}

}  // namespace opi::tool
