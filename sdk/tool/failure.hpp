#pragma once
#include <stdexcept>
#include <string>

namespace opi::tool {

enum ExitCode { exit_ok = 0, exit_findings = 1, exit_cannot_run = 2 };

// Why a command cannot do its work; the text names the file and the place in it.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace opi::tool
