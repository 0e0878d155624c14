#include "check/checks.hpp"
#include "plugin_bench.hpp"
#include "silent_logger.hpp"

namespace opi::tool {

void check_load(const Subject& subject, Report& report) {
  report.step("loading as the daemon does");
  SilentLogger logger;
  for (const auto& refusal : PluginBench::refusals(subject.file, logger))
    report.finding(refusal.code + " (" + std::string(to_string(refusal.stage)) + "): " + refusal.message,
                   refusal.remedy);
}

}  // namespace opi::tool
