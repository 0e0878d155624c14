#include "integrationsctl.hpp"

#include <stdexcept>

#include "child_process.hpp"

namespace opi::demo {
namespace {

namespace fs = std::filesystem;

// Long, because a test machine may be busy and the programs may run under sanitizers; waited for in full only if
// something is wrong.
constexpr std::chrono::seconds command_timeout{60};

}  // namespace

std::string run_integrationsctl(const fs::path& programs, const StateDirectory& state,
                                const std::vector<std::string>& arguments) {
  const fs::path log = state.path() / "integrationsctl.log";
  std::vector<std::string> words{"--config", (state.path() / "integrationsd.conf").string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ChildProcess process({programs / "integrationsctl", words, log});
  const auto output = process.read_all(command_timeout);
  const auto status = process.wait(command_timeout);
  std::string command = "integrationsctl";
  for (const auto& argument : arguments) command += " " + argument;
  if (!output || !status) throw std::runtime_error(command + " does not end");
  if (!status->clean()) throw std::runtime_error(command + ": " + to_string(*status) + ": " + last_words(log));
  return output->substr(0, output->find_last_not_of('\n') + 1);
}

}  // namespace opi::demo
