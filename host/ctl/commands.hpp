#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "domain/clock.hpp"
#include "stores/stores.hpp"

namespace opi::ctl {

enum ExitCode {
  exit_ok = 0,
  exit_findings = 1,       // the command ran and found something wrong
  exit_usage = 64,         // EX_USAGE
  exit_data = 65,          // EX_DATAERR: the given document is not valid
  exit_unavailable = 69,   // EX_UNAVAILABLE: the store cannot be reached
  exit_configuration = 78, // EX_CONFIG
};

struct Context {
  const configuration::Configuration& configuration;
  const Clock& clock;
  Random& random;
  std::ostream& out;
  std::ostream& err;
};

struct Command {
  std::string_view name;       // one or two words
  std::string_view arguments;  // for the usage text
  std::string_view description;
  int (*run)(Context& context, const std::vector<std::string>& arguments);
};

// Every command, in the order of the usage text.
const std::vector<Command>& commands();
std::string usage();

}  // namespace opi::ctl
