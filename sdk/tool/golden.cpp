#include <algorithm>
#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "golden_case.hpp"
#include "silent_logger.hpp"
#include "text_file.hpp"

namespace opi::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_cases = 1000;

std::vector<fs::path> case_files(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const auto& name : names) {
    if (!fs::is_directory(name)) {
      files.emplace_back(name);
      continue;
    }
    const auto before = files.size();
    for (const auto& entry : fs::directory_iterator(name))
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    if (files.size() == before) throw Failure(name + ": holds no *.json");
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  if (files.size() > max_cases) throw Failure("there are more than " + std::to_string(max_cases) + " cases");
  return files;
}

std::vector<plugins::Isolation> isolations(const std::string& way) {
  using plugins::Isolation;
  if (way == "in_process") return {Isolation::in_process};
  if (way == "process") return {Isolation::process};
  if (way == "both") return {Isolation::in_process, Isolation::process};
  throw Failure("--isolation is in_process, process or both");
}

// How many cases differ.
std::size_t play(const Arguments& arguments, plugins::Isolation isolation, const std::vector<fs::path>& files) {
  SilentLogger logger;
  const PluginBench bench(arguments.positional().front(), logger, isolation);
  std::size_t different = 0;
  for (const auto& file : files) {
    const GoldenCase golden_case(file);
    const auto played = golden_case.played(bench, arguments.get("--component").value_or(""));
    const auto found = golden_case.differences_from(played);
    if (found.empty()) continue;
    ++different;
    if (arguments.has("--update")) {
      write_text(file, golden_case.updated(played));
      std::cout << file.string() << ": updated\n";
      continue;
    }
    std::cout << file.string() << ":\n";
    for (const auto& difference : found)
      std::cout << "  " << (difference.pointer.empty() ? "/" : difference.pointer) << "\n    expected "
                << difference.expected << "\n    actual   " << difference.actual << "\n";
  }
  std::cout << files.size() << " cases, " << different << (arguments.has("--update") ? " updated" : " differ")
            << (isolation == plugins::Isolation::process ? " in a process of the plugin's own\n" : "\n");
  return different;
}

}  // namespace

int golden(const std::vector<std::string>& words) {
  const Arguments arguments(words, {{"--update", false}, {"--component"}, {"--isolation"}});
  if (arguments.positional().size() < 2) throw Failure("golden: needs FILE.so and at least one DIR or CASE.json");
  const auto files = case_files({arguments.positional().begin() + 1, arguments.positional().end()});
  std::size_t different = 0;
  for (const auto isolation : isolations(arguments.get("--isolation").value_or("in_process")))
    different += play(arguments, isolation, files);
  return arguments.has("--update") || different == 0 ? exit_ok : exit_findings;
}

}  // namespace opi::tool
