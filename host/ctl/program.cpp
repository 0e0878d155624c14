#include "ctl/program.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <csignal>
#include <iostream>

#include "ctl/arguments.hpp"
#include "ctl/config_file.hpp"
#include "ctl/context.hpp"
#include "ctl/failure.hpp"
#include "ctl/help.hpp"
#include "domain/store_errors.hpp"
#include "node/parts.hpp"
#include "node/version.hpp"
#include "runtime/system_clock.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

void tell_failure(const Failure& failed, bool as_json) {
  if (as_json)
    std::cerr << json::serialize(failed.problem()) << "\n";
  else
    std::cerr << lines_of(failed.problem());
}

int print_help(const Invocation& invocation) {
  if (invocation.version)
    std::cout << "integrationsctl " << node::version << "\n";
  else if (invocation.command != nullptr)
    std::cout << help(*invocation.command);
  else if (const auto of_noun = help_of_noun(invocation.words); !of_noun.empty())
    std::cout << of_noun;
  else
    std::cout << usage();
  return exit_ok;
}

Failure invalid_configuration(const std::string& file, const std::vector<std::string>& errors) {
  if (!file.empty() && ::eaccess(file.c_str(), R_OK) != 0 && errno == EACCES)
    return failure(exit_permission, "permission", "Not permitted", file + ": this user may not read it");
  json::array fields;
  for (const auto& error : errors) fields.push_back({{"field", "configuration"}, {"message", error}});
  return {exit_configuration,
          {{"type", "urn:oneprotect:problem:configuration"},
           {"title", "The configuration is not valid"},
           {"detail", errors.front()},
           {"errors", std::move(fields)}}};
}

// Those that look at the configuration themselves, or need none.
bool needs_configuration(const Invocation& invocation) {
  const auto name = invocation.command->name;
  return name != "doctor" && name != "init" && name != "completion bash" &&
         !(name == "audit verify" && invocation.arguments.has("file"));
}

int run_command(const Invocation& invocation) {
  const auto environment = configuration::environment_variables();
  const auto file = config_file_of(invocation.config_file, environment);
  auto loaded = configuration::load(file, environment, invocation.settings);
  if (needs_configuration(invocation)) {
    for (const auto& fault : node::faults(loaded.configuration)) loaded.errors.push_back("configuration: " + fault);
    if (!loaded.errors.empty()) throw invalid_configuration(file, loaded.errors);
  }
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  Context context(loaded, file, invocation.json, clock, random, {std::cin, std::cout, std::cerr});
  const int code = invocation.command->run(context, invocation.arguments);
  if (!std::cout.flush())
    throw failure(exit_conflict, "no-output", "The output cannot be written", "standard output cannot be written");
  return code;
}

}  // namespace

int run(const std::vector<std::string>& words) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads no further is told by the exit code, not by a signal
  bool as_json = std::ranges::find(words, "--json") != words.end();
  try {
    const auto invocation = parse(words);
    as_json = invocation.json;
    if (invocation.help || invocation.version) return print_help(invocation);
    return run_command(invocation);
  } catch (const Failure& failed) {
    tell_failure(failed, as_json);
    if (failed.code() == exit_usage && !as_json) std::cerr << "integrationsctl --help tells the commands\n";
    return failed.code();
  } catch (const StoreUnavailable& unavailable) {
    tell_failure(failure(exit_unavailable, "unavailable", "The store is not available", unavailable.what()), as_json);
    return exit_unavailable;
  } catch (const CommitInDoubt& doubt) {
    tell_failure(failure(exit_unavailable, "in-doubt", "The answer of the store was lost", doubt.what()), as_json);
    return exit_unavailable;
  } catch (const std::exception& fault) {
    tell_failure(failure(exit_internal, "internal", "Internal error", fault.what()), as_json);
    return exit_internal;
  }
}

}  // namespace opi::ctl
