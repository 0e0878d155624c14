#include "ctl/completion.hpp"

#include <ostream>
#include <set>

#include "ctl/arguments.hpp"
#include "ctl/context.hpp"
#include "ctl/exit_code.hpp"

namespace opi::ctl {
namespace {

std::string first_word(std::string_view name) { return std::string(name.substr(0, name.find(' '))); }

std::string words_of(const std::vector<Option>& options) {
  std::string words;
  for (const auto& option : options) words += (words.empty() ? "--" : " --") + std::string(option.name);
  return words;
}

// What may stand at the command line's beginning, and behind each noun.
std::string name_cases() {
  std::vector<std::string> nouns;
  std::set<std::string> seen;
  std::string cases;
  for (const auto& command : commands()) {
    const auto noun = first_word(command.name);
    if (!seen.insert(noun).second) continue;
    nouns.push_back(noun);
    if (noun == command.name) continue;
    cases += "    " + noun + ")\n      names=\"";
    bool first = true;
    for (const auto& other : commands())
      if (first_word(other.name) == noun) {
        cases += (first ? "" : " ") + std::string(other.name.substr(noun.size() + 1));
        first = false;
      }
    cases += "\" ;;\n";
  }
  std::string all;
  for (const auto& noun : nouns) all += (all.empty() ? "" : " ") + noun;
  return "    \"\")\n      names=\"" + all + "\" ;;\n" + cases;
}

std::string option_cases() {
  std::string cases;
  for (const auto& command : commands())
    cases += "    \"" + std::string(command.name) + "\")\n      options=\"" + words_of(command.options) + "\" ;;\n";
  return cases;
}

bool is_file(std::string_view value) { return value.starts_with("FILE"); }

std::string value_cases() {
  std::string cases, files;
  std::set<std::string> seen;
  const auto add = [&](const std::string& command, const Option& option) {
    const std::string key = command + " --" + std::string(option.name);
    if (is_file(option.value)) files += (files.empty() ? "" : "|") + ("\"" + key + "\"");
    if (option.choices.empty() || !seen.insert(key).second) return;
    cases += "    \"" + key + "\")\n      COMPREPLY=($(compgen -W \"";
    for (std::size_t i = 0; i < option.choices.size(); ++i)
      cases += (i == 0 ? "" : " ") + std::string(option.choices[i]);
    cases += "\" -- \"$word\"))\n      return ;;\n";
  };
  for (const auto& command : commands())
    for (const auto& option : command.options) add(std::string(command.name), option);
  if (!files.empty()) cases += "    " + files + ")\n      COMPREPLY=($(compgen -f -- \"$word\"))\n      return ;;\n";
  return cases;
}

// Options whose next word is their value.
std::string with_value() {
  std::set<std::string> names{"-c", "-s"};
  const auto add = [&](const std::vector<Option>& options) {
    for (const auto& option : options)
      if (!option.value.empty()) names.insert("--" + std::string(option.name));
  };
  add(global_options());
  for (const auto& command : commands()) add(command.options);
  std::string pattern;
  for (const auto& name : names) pattern += (pattern.empty() ? "" : "|") + name;
  return pattern;
}

// Commands whose words are files.
std::string of_files() {
  std::string pattern;
  for (const auto& command : commands())
    for (const auto& positional : command.positionals)
      if (is_file(positional.name)) pattern += (pattern.empty() ? "" : "|") + ("\"" + std::string(command.name) + "\"");
  return pattern;
}

int print_completion(Context& context, const Arguments&) {
  context.out() << bash_completion();
  return exit_ok;
}

}  // namespace

std::string bash_completion() {
  return R"(# bash completion for integrationsctl, made by `integrationsctl completion bash`.
_integrationsctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before="" command="" names="" options="" i skip=0
  [ "$COMP_CWORD" -gt 0 ] && before=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  local found=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [ "$skip" = 1 ]; then skip=0; continue; fi
    case ${COMP_WORDS[i]} in
      )" +
         with_value() +
         R"() skip=1 ;;
      -*) ;;
      *) found+=("${COMP_WORDS[i]}") ;;
    esac
  done
  command=${found[0]-}
  case "$command" in
)" + name_cases() +
         R"(  esac
  case $before in
    -c|--config)
      COMPREPLY=($(compgen -f -- "$word"))
      return ;;
    -s|--set) return ;;
  esac
  if [ "${#found[@]}" -eq 0 ] || { [ "${#found[@]}" -eq 1 ] && [ -n "$names" ]; }; then
    case $word in
      -*) COMPREPLY=($(compgen -W ")" +
         words_of(global_options()) + R"(" -- "$word")) ;;
      *) COMPREPLY=($(compgen -W "$names" -- "$word")) ;;
    esac
    return
  fi
  [ -n "$names" ] && command="$command ${found[1]}"
  case "$command $before" in
)" + value_cases() +
         R"(  esac
  case $before in
    )" + with_value() +
         R"() return ;;
  esac
  case "$command" in
)" + option_cases() +
         R"(  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$options )" +
         words_of(global_options()) + R"(" -- "$word")) ;;
    *)
      case "$command" in
        )" +
         of_files() +
         R"() COMPREPLY=($(compgen -f -- "$word")) ;;
      esac ;;
  esac
}
complete -F _integrationsctl integrationsctl
)";
}

std::vector<Command> completion_commands() {
  return {{"completion bash",
           "print a script that completes commands in bash",
           "To try it: source <(integrationsctl completion bash). An installation has it in place.",
           {},
           {},
           print_completion}};
}

}  // namespace opi::ctl
