#include <algorithm>
#include <iostream>

#include "arguments.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "text_file.hpp"

namespace opi::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_in_template = "example_plugin";
constexpr std::size_t max_name_length = 48;

// Installed beside the program's prefix; the build tree has the same layout.
fs::path template_folder() {
  const auto folder = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "share" / "opi-sdk" / "template";
  if (!fs::is_directory(folder)) throw Failure(folder.string() + ": the template is missing; install the SDK again");
  return folder;
}

bool is_name(const std::string& name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= max_name_length && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string renamed(std::string text, const std::string& name) {
  for (auto at = text.find(name_in_template); at != std::string::npos;
       at = text.find(name_in_template, at + name.size()))
    text.replace(at, name_in_template.size(), name);
  return text;
}

}  // namespace

int new_plugin(const std::vector<std::string>& words) {
  const Arguments arguments(words, {{"--directory"}});
  if (arguments.positional().size() != 1) throw Failure("new: needs one NAME");
  const auto& name = arguments.positional().front();
  if (!is_name(name))
    throw Failure("\"" + name + "\": a name is a lower-case letter, then such letters, digits and '_', at most " +
                  std::to_string(max_name_length));
  const fs::path target = arguments.get("--directory").value_or(name);
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target)))
    throw Failure(target.string() + ": is there already");
  const auto source = template_folder();
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    if (!entry.is_regular_file()) continue;
    const auto file = target / renamed(fs::relative(entry.path(), source).string(), name);
    fs::create_directories(file.parent_path());
    write_text(file, renamed(read_text(entry.path()), name));
    std::cout << file.string() << "\n";
  }
  return exit_ok;
}

}  // namespace opi::tool
