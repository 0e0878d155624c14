#include <boost/program_options/errors.hpp>
#include <iostream>

#include "ctl/commands.hpp"
#include "domain/store_errors.hpp"
#include "runtime/system_clock.hpp"

namespace {

int usage_error(const std::string& what) {
  std::cerr << "integrationsctl: " << what << "\n" << opi::ctl::usage();
  return opi::ctl::exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace opi;
  std::vector<std::string> words(argv + 1, argv + argc), settings;
  std::string config_file;
  while (!words.empty() && words.front().starts_with("-")) {
    const std::string option = words.front();
    if (option == "--help" || option == "-h") {
      std::cout << ctl::usage();
      return 0;
    }
    if ((option != "--config" && option != "-c" && option != "--set" && option != "-s") || words.size() < 2)
      return usage_error(option + " is not an option, or its value is missing");
    if (option == "--set" || option == "-s")
      settings.push_back(words[1]);
    else
      config_file = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  const ctl::Command* chosen = nullptr;
  std::string name;
  for (std::size_t count = 1; count <= 2 && count <= words.size() && chosen == nullptr; ++count) {
    name += (count == 2 ? " " : "") + words[count - 1];
    for (const auto& command : ctl::commands())
      if (command.name == name) chosen = &command;
    if (chosen != nullptr) words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (chosen == nullptr) return usage_error(name.empty() ? "no command" : "there is no command '" + name + "'");

  const auto loaded = configuration::load(config_file, configuration::environment_variables(), settings);
  for (const auto& error : loaded.errors) std::cerr << "integrationsctl: " << error << "\n";
  if (!loaded.errors.empty()) return ctl::exit_configuration;
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  ctl::Context context{loaded.configuration, clock, random, std::cout, std::cerr};
  try {
    return chosen->run(context, words);
  } catch (const boost::program_options::error& error) {
    return usage_error(error.what());
  } catch (const std::exception& failure) {
    std::cerr << "integrationsctl: " << failure.what() << "\n";
    return ctl::exit_unavailable;
  }
}
