#include "ctl/help.hpp"

#include <algorithm>
#include <vector>

#include "ctl/exit_code.hpp"

namespace opi::ctl {
namespace {

struct Row {
  std::string left;
  std::string_view right;
};

std::string rows(const std::vector<Row>& list) {
  std::size_t width = 0;
  for (const auto& row : list) width = std::max(width, row.left.size());
  std::string text;
  for (const auto& row : list)
    text += "  " + row.left + std::string(width - row.left.size() + 2, ' ') + std::string(row.right) + "\n";
  return text;
}

std::string form_of(const Option& option) {
  return "--" + std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
}

std::string options_text(const std::vector<Option>& options) {
  std::vector<Row> list;
  for (const auto& option : options) list.push_back({form_of(option), option.description});
  return rows(list);
}

}  // namespace

std::string synopsis(const Command& command) {
  std::string text(command.name);
  for (const auto& positional : command.positionals)
    text += positional.required ? " " + std::string(positional.name) : " [" + std::string(positional.name) + "]";
  for (const auto& option : command.options)
    text += option.required ? " " + form_of(option) : " [" + form_of(option) + "]";
  return text;
}

std::string help(const Command& command) {
  std::string text = "usage: integrationsctl " + synopsis(command) + "\n\n" + std::string(command.summary) + "\n";
  if (!command.details.empty()) text += std::string(command.details) + "\n";
  if (!command.positionals.empty()) {
    std::vector<Row> list;
    for (const auto& positional : command.positionals)
      list.push_back({std::string(positional.name), positional.description});
    text += "\n" + rows(list);
  }
  if (!command.options.empty()) text += "\noptions:\n" + options_text(command.options);
  return text + "\noptions of all commands:\n" + options_text(global_options());
}

std::string help_of_noun(std::string_view noun) {
  std::vector<Row> list;
  for (const auto& command : commands())
    if (command.name.starts_with(std::string(noun) + " ")) list.push_back({std::string(command.name), command.summary});
  return list.empty() ? "" : rows(list);
}

std::string usage() {
  std::vector<Row> list;
  for (const auto& command : commands()) list.push_back({std::string(command.name), command.summary});
  std::string text = "usage: integrationsctl [OPTION]… COMMAND [ARGUMENT]…\n\n" + rows(list) +
                     "\noptions of all commands:\n" + options_text(global_options()) +
                     "\nintegrationsctl COMMAND --help tells the rest.\n\nexit codes:\n";
  std::vector<Row> codes;
  for (const auto& known : exit_meanings) codes.push_back({std::to_string(known.code), known.meaning});
  return text + rows(codes);
}

}  // namespace opi::ctl
