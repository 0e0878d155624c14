#include <array>
#include <chrono>
#include <functional>
#include <iomanip>
#include <iostream>

#include "arguments.hpp"
#include "check/check_result.hpp"
#include "check/checks.hpp"
#include "check/child.hpp"
#include "commands.hpp"
#include "crypto/digest.hpp"
#include "failure.hpp"
#include "plugins/discovery.hpp"
#include "plugins/elf_file.hpp"
#include "temporary_folder.hpp"
#include "text_file.hpp"

namespace opi::tool {
namespace {

using std::chrono::steady_clock;

struct Check {
  std::string_view name;
  void (*run)(const Subject& subject, Report& report);
  std::chrono::seconds deadline;
};

constexpr std::array suite{Check{"static", &check_static, std::chrono::seconds{20}},
                           Check{"load", &check_load, std::chrono::seconds{30}},
                           Check{"contract", &check_contract, std::chrono::seconds{30}},
                           Check{"purity", &check_purity, std::chrono::seconds{30}},
                           Check{"hostile", &check_hostile, std::chrono::seconds{60}},
                           Check{"fuzz", &check_fuzz, std::chrono::seconds{300}},
                           Check{"secrets", &check_secrets, std::chrono::seconds{30}},
                           Check{"tenant", &check_tenant, std::chrono::seconds{120}}};

bool is_isolated_too(const Arguments& arguments) {
  const auto isolation = arguments.get("--isolation").value_or("both");
  if (isolation != "both" && isolation != "in_process") throw Failure("--isolation is both or in_process");
  return isolation == "both";
}

Subject subject_of(const Arguments& arguments, const std::filesystem::path& scratch) {
  const auto& name = arguments.positional().front();
  std::error_code missing;
  Subject subject;
  subject.file = std::filesystem::canonical(name, missing);
  if (missing) throw Failure(name + ": cannot be opened: " + missing.message());
  subject.scratch = scratch;
  subject.bytes = read_text(subject.file, plugins::max_plugin_bytes);
  subject.sha256 = crypto::to_hex(crypto::sha256(subject.bytes));
  subject.seed = arguments.number("--seed", 1, 0, UINT32_MAX);
  subject.isolated_too = is_isolated_too(arguments);
  subject.cases = arguments.number("--cases", 2000, 0, 1'000'000);
  if (const auto config = arguments.get("--config")) subject.config = read_text(*config);
  subject.reference = arguments.get("--reference").value_or("");
  subject.tenant = arguments.get("--tenant").value_or("");
  if (subject.reference.empty() != subject.tenant.empty())
    throw Failure("--reference and --tenant: the one needs the other");
  return subject;
}

// The manifest's text if there is one; what is wrong with the file is the static check's to say.
std::string manifest_of(const std::string& bytes) {
  try {
    const auto facts = plugins::read_elf(bytes);
    return facts.manifests.empty() ? "" : facts.manifests.front();
  } catch (const plugins::NotElf&) {
    return {};
  } catch (const plugins::DamagedElf&) {
    return {};
  }
}

CheckResult run(const Check& check, const Subject& subject) {
  const auto start = steady_clock::now();
  CheckResult result{std::string(check.name), CheckState::passed, 0, {}, {}};
  auto told = run_in_child([&](Report& report) { check.run(subject, report); }, check.deadline);
  result.findings = std::move(told.findings);
  result.reason = std::move(told.skipped);
  if (!result.reason.empty()) result.state = CheckState::skipped;
  if (!result.findings.empty()) result.state = CheckState::failed;
  result.seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  return result;
}

void print(const CheckResult& result) {
  std::cout << std::left << std::setw(10) << result.name << std::setw(8) << to_string(result.state) << std::right
            << std::fixed << std::setprecision(1) << std::setw(6) << result.seconds << " s\n";
  if (result.state == CheckState::skipped) std::cout << "  " << result.reason << "\n";
  for (const auto& finding : result.findings)
    std::cout << "  " << finding.message << "\n    remedy: " << finding.remedy << "\n";
  std::cout.flush();
}

}  // namespace

int check(const std::vector<std::string>& words) {
  const Arguments arguments(
      words,
      {{"--json"}, {"--junit"}, {"--seed"}, {"--cases"}, {"--isolation"}, {"--config"}, {"--reference"}, {"--tenant"}});
  if (arguments.positional().size() != 1) throw Failure("check: needs one FILE.so");
  const TemporaryFolder scratch;
  auto subject = subject_of(arguments, scratch.path());
  subject.manifest = manifest_of(subject.bytes);

  std::vector<CheckResult> results;
  bool loadable = true;
  for (const auto& one : suite) {
    const bool needs_loading = one.name != "static" && one.name != "load";
    if (needs_loading && !loadable)
      results.push_back({std::string(one.name), CheckState::skipped, 0, {}, "the plugin cannot be loaded"});
    else
      results.push_back(run(one, subject));
    if (one.name == "load") loadable = results.back().state == CheckState::passed;
    print(results.back());
  }
  if (const auto file = arguments.get("--json"))
    write_text(*file, json_of(subject.file.string(), subject.sha256, results));
  if (const auto file = arguments.get("--junit"))
    write_text(*file, junit_of(subject.file.filename().string(), results));
  return none_failed(results) ? exit_ok : exit_findings;
}

}  // namespace opi::tool
