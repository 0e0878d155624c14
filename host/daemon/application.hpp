#pragma once
#include <Poco/Util/ServerApplication.h>

#include <string>
#include <vector>

#include "configuration/configuration.hpp"

namespace opi::daemon {

// How the process was called.
struct CommandLine {
  std::string config_file;
  std::vector<std::string> settings;  // "section.name=value"
  bool check_config = false, print_config = false, help = false, version = false;
};

// Throws boost::program_options::error.
CommandLine parse_command_line(int argc, const char* const* argv);
std::string usage();
// The same options for the manual.
struct DocumentedOption {
  std::string name;  // long, without "--"
  bool has_value = false;
  std::string description;
};
std::vector<DocumentedOption> documented_options();

// The daemon's life under POCO: starts it, tells systemd, reloads on SIGHUP, drains on SIGTERM and SIGINT.
class Application final : public Poco::Util::ServerApplication {
 public:
  Application(CommandLine command_line, configuration::Configuration configuration);

  // To be called before the first thread: those signals then reach only the threads that wait for them.
  static void block_signals();
  // Thousands of connections need descriptors; the usual soft limit is 1024.
  static void raise_descriptor_limit();

 protected:
  int main(const std::vector<std::string>& arguments) override;

 private:
  const CommandLine command_line_;
  const configuration::Configuration configuration_;
};

}  // namespace opi::daemon
