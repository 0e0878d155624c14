#include <boost/program_options/errors.hpp>
#include <iostream>

#include "daemon/application.hpp"
#include "daemon/options.hpp"
#include "daemon/version.hpp"
#include "node/parts.hpp"
#include "node/provider_settings.hpp"

int main(int argc, char** argv) {
  using namespace opi;
  constexpr int exit_usage = 64, exit_configuration = 78;  // EX_USAGE, EX_CONFIG
  daemon::CommandLine line;
  try {
    line = daemon::parse_command_line(argc, argv);
  } catch (const boost::program_options::error& error) {
    std::cerr << "integrationsd: " << error.what() << "\n" << daemon::usage();
    return exit_usage;
  }
  if (line.help || line.version) {
    std::cout << (line.help ? daemon::usage() : "integrationsd " + std::string(daemon::version) + "\n");
    return 0;
  }
  auto loaded = configuration::load(line.config_file, configuration::environment_variables(), line.settings);
  if (line.print_config) {
    std::cout << node::documented_configuration(loaded.configuration);
    return 0;
  }
  for (auto& fault : daemon::faults(loaded.configuration)) loaded.errors.push_back(std::move(fault));
  if (line.check_config)
    for (auto& fault : node::sections_of_nobody(loaded.configuration)) loaded.errors.push_back(std::move(fault));
  for (const auto& error : loaded.errors) std::cerr << "integrationsd: " << error << "\n";
  if (!loaded.errors.empty()) return exit_configuration;
  if (line.check_config) {
    std::cout << "the configuration is valid\n";
    return 0;
  }
  daemon::Application::block_signals();
  daemon::Application::raise_descriptor_limit();
  daemon::Application application(line, std::move(loaded.configuration));
  return application.run(std::vector<std::string>{argv[0]});
}
