#pragma once
#include <array>
#include <string_view>

namespace opi::ctl {

// Those of sysexits.h where it has one.
enum ExitCode {
  exit_ok = 0,
  exit_findings = 1,
  exit_usage = 64,
  exit_data = 65,
  exit_missing = 66,
  exit_unavailable = 69,
  exit_internal = 70,
  exit_conflict = 73,
  exit_permission = 77,
  exit_configuration = 78,
};

struct ExitMeaning {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr std::array exit_meanings{
    ExitMeaning{exit_ok, "done"},
    ExitMeaning{exit_findings,
                "the command ran and found something wrong: a broken chain, a refused plugin, a secret "
                "that does not resolve, an error of doctor"},
    ExitMeaning{exit_usage, "the command line is wrong"},
    ExitMeaning{exit_data, "a document, or another input, is not valid"},
    ExitMeaning{exit_missing, "there is no such thing, or an input file cannot be read"},
    ExitMeaning{exit_unavailable, "the store or the daemon cannot be reached or refuses its service"},
    ExitMeaning{exit_internal, "a defect of the program"},
    ExitMeaning{exit_conflict,
                "it contradicts what is there (it exists, is busy, was changed meanwhile), or the output "
                "file cannot be made"},
    ExitMeaning{exit_permission, "the operating system forbids it"},
    ExitMeaning{exit_configuration, "the configuration is not valid"},
};

}  // namespace opi::ctl
