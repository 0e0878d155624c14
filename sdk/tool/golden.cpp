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

}  // namespace

int golden(const std::vector<std::string>& words) {
  const Arguments arguments(words, {{"--update", false}, {"--component"}});
  if (arguments.positional().size() < 2) throw Failure("golden: needs FILE.so and at least one DIR or CASE.json");
  SilentLogger logger;
  const PluginBench bench(arguments.positional().front(), logger);
  const auto files = case_files({arguments.positional().begin() + 1, arguments.positional().end()});
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
  if (arguments.has("--update")) {
    std::cout << files.size() << " cases, " << different << " updated\n";
    return exit_ok;
  }
  std::cout << files.size() << " cases, " << different << " differ\n";
  return different == 0 ? exit_ok : exit_findings;
}

}  // namespace opi::tool
