#include "options.hpp"

#include <boost/program_options.hpp>
#include <iostream>
#include <stdexcept>

namespace opi::demo {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

// etc/demo of the source tree or the installation that the program is in: the nearest above it.
fs::path nearest_scenario(const fs::path& from) {
  for (fs::path folder = from;; folder = folder.parent_path()) {
    for (const char* place : {"etc/demo", "share/oneprotect-integrations/demo"})
      if (fs::exists(folder / place / "events.ndjson")) return folder / place;
    if (folder == folder.parent_path()) throw std::runtime_error("etc/demo is not found; name it with --etc");
  }
}

fs::path path_option(const po::variables_map& values, const char* name) {
  return values.count(name) > 0 ? fs::absolute(values[name].as<std::string>()) : fs::path{};
}

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv) {
  po::options_description description("opi-demo: plays etc/demo with the real programs and checks what became of it");
  auto add = description.add_options();
  add("once", "end by itself: exit code 0 if everything is as expected, 1 and the differences otherwise");
  add("state", po::value<std::string>(),
      "folder for everything the run writes; empty or not there yet (default: a "
      "temporary one, removed after a good run with --once)");
  add("bin", po::value<std::string>(), "folder of the programs (default: this program's own)");
  add("etc", po::value<std::string>(), "folder of the scenario (default: the nearest etc/demo above the program)");
  add("expected", po::value<std::string>(), "what is to be expected (default: expected.json of the scenario)");
  add("api-port", po::value<std::uint16_t>()->default_value(0), "port of the daemon's API; 0: any free one");
  add("postgres", "keep the outbox in a PostgreSQL server that is started for this run (default: SQLite)");
  add("help,h", "print this text");
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv).options(description).positional({}).run(), values);
  po::notify(values);
  if (values.count("help") > 0) {
    std::cout << description << "\nexit codes: 0 as expected, 1 differences, 2 could not be played, 130 interrupted\n";
    return std::nullopt;
  }
  const fs::path own = fs::read_symlink("/proc/self/exe").parent_path();
  Options options;
  options.once = values.count("once") > 0;
  options.state = path_option(values, "state");
  options.programs = values.count("bin") > 0 ? path_option(values, "bin") : own;
  options.scenario = values.count("etc") > 0 ? path_option(values, "etc") : nearest_scenario(own);
  options.expected =
      values.count("expected") > 0 ? path_option(values, "expected") : options.scenario / "expected.json";
  options.postgres = values.count("postgres") > 0;
  options.api_port = values["api-port"].as<std::uint16_t>();
  return options;
}

}  // namespace opi::demo
