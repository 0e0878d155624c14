#include "ctl/arguments.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <limits>

#include "ctl/failure.hpp"
#include "ctl/help.hpp"

namespace opi::ctl {
namespace {

namespace po = boost::program_options;

constexpr int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing &
                      ~po::command_line_style::allow_sticky;

void add(po::options_description& description, const Option& option, const char* short_name = "") {
  const std::string names = std::string(option.name) + short_name;
  if (option.value.empty())
    description.add_options()(names.c_str(), "");
  else
    description.add_options()(names.c_str(), po::value<std::vector<std::string>>()->composing(), "");
}

po::options_description described(const Command* command) {
  po::options_description all;
  for (const auto& option : global_options())
    add(all, option,
        option.name == "config"    ? ",c"
        : option.name == "set"     ? ",s"
        : option.name == "help"    ? ",h"
        : option.name == "version" ? ",V"
                                   : "");
  if (command != nullptr)
    for (const auto& option : command->options) add(all, option);
  return all;
}

// How many of the words are the command's options' values is known only once the command is; a word that follows an
// option is taken for a name only if the option is a flag of all commands.
struct Named {
  const Command* command = nullptr;
  std::vector<std::string> rest;  // without the name
  std::string words;              // what was taken for a name
};

bool takes_value(const std::string& word) {
  for (const auto& option : global_options())
    if (!option.value.empty() && word == "--" + std::string(option.name)) return true;
  return word == "-c" || word == "-s";
}

Named name_in(const std::vector<std::string>& words) {
  Named named;
  std::size_t at = 0;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    named.rest.push_back(words[at]);
    if (takes_value(words[at]) && at + 1 < words.size()) named.rest.push_back(words[++at]);
  }
  std::size_t taken = 0;
  std::string name;
  for (std::size_t count = 1; count <= 2 && at + count <= words.size(); ++count) {
    if (words[at + count - 1].starts_with('-')) break;
    name += (count == 2 ? " " : "") + words[at + count - 1];
    if (count == 1 || taken == 0) named.words = name;
    if (const auto* found = find_command(name)) {
      named.command = found;
      taken = count;
    }
  }
  for (at += taken; at < words.size(); ++at) named.rest.push_back(words[at]);
  return named;
}

std::string no_command(const std::string& words) {
  if (words.empty()) return "no command";
  std::string verbs;
  for (const auto& command : commands())
    if (command.name.starts_with(words.substr(0, words.find(' ')) + " "))
      verbs += (verbs.empty() ? "; there are " : ", ") + std::string(command.name);
  return "there is no command '" + words + "'" + verbs;
}

std::string one(const std::string& name, const std::vector<std::string>& values) {
  if (values.size() > 1) throw usage_failure("--" + name + " is given twice");
  return values.front();
}

void check_choice(const Option& option, const std::string& value) {
  if (option.choices.empty() || std::ranges::find(option.choices, value) != option.choices.end()) return;
  std::string list;
  for (const auto& choice : option.choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  throw usage_failure("--" + std::string(option.name) + " must be one of " + list);
}

std::map<std::string, std::string> values_of(const Command& command, const po::variables_map& given,
                                             const std::vector<std::string>& loose) {
  std::map<std::string, std::string> values;
  for (const auto& option : command.options) {
    const std::string name(option.name);
    if (!given.contains(name)) {
      if (option.required) throw usage_failure("--" + name + " is missing");
      continue;
    }
    if (!option.value.empty())
      check_choice(option, values[name] = one(name, given[name].as<std::vector<std::string>>()));
    values.try_emplace(name);
  }
  std::size_t next = 0;
  for (const auto& positional : command.positionals)
    if (next < loose.size())
      values[std::string(positional.name)] = loose[next++];
    else if (positional.required)
      throw usage_failure(std::string(positional.name) + " is missing: " + std::string(positional.description));
  if (next < loose.size()) throw usage_failure("'" + loose[next] + "' is one word too many");
  return values;
}

}  // namespace

std::string api_name(std::string_view option) {
  std::string name(option);
  std::ranges::replace(name, '-', '_');
  return name;
}

Invocation parse(const std::vector<std::string>& words) {
  const auto named = name_in(words);
  Invocation invocation;
  invocation.command = named.command;
  po::variables_map given;
  std::vector<std::string> loose;
  try {
    const auto options = described(named.command);
    const auto parsed = po::command_line_parser(named.rest).options(options).style(style).allow_unregistered().run();
    for (const auto& option : parsed.options) {
      if (option.unregistered)
        throw usage_failure("there is no option " + option.original_tokens.front() +
                            (named.command == nullptr ? "" : " of " + std::string(named.command->name)));
      if (option.position_key >= 0) loose.insert(loose.end(), option.value.begin(), option.value.end());
    }
    po::store(parsed, given);
  } catch (const po::error& error) {
    throw usage_failure(error.what());
  }
  const auto texts = [&](const char* name) {
    return given.contains(name) ? given[name].as<std::vector<std::string>>() : std::vector<std::string>{};
  };
  if (given.contains("config")) invocation.config_file = one("config", texts("config"));
  invocation.settings = texts("set");
  invocation.json = given.contains("json");
  invocation.help = given.contains("help");
  invocation.version = given.contains("version");
  invocation.words = named.words;
  const bool asks_for_all = named.words.empty() || !help_of_noun(named.words).empty();
  if (invocation.version || (invocation.help && (named.command != nullptr || asks_for_all))) return invocation;
  if (named.command == nullptr) throw usage_failure(no_command(named.words));
  invocation.arguments = Arguments(*named.command, values_of(*named.command, given, loose));
  return invocation;
}

std::string Arguments::get(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

TenantId Arguments::tenant() const {
  const auto tenant = TenantId::parse(get("tenant"));
  if (!tenant) throw usage_failure("--tenant must hold lower-case letters, digits, '-' and '_'");
  return *tenant;
}

std::optional<std::int64_t> Arguments::number(const std::string& name, std::int64_t least, std::int64_t most) const {
  if (!has(name)) return std::nullopt;
  const std::string text = get(name);
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size() || number < least || number > most)
    throw usage_failure("--" + name + " must be a whole number from " + std::to_string(least) + " to " +
                        std::to_string(most));
  return number;
}

std::optional<std::int64_t> Arguments::revision() const {
  return number("if-match", 0, std::numeric_limits<std::int64_t>::max());
}

std::map<std::string, std::string> Arguments::query() const {
  std::map<std::string, std::string> query;
  for (const auto& option : command_->options)
    if (const std::string name(option.name); option.use == Option::Use::query && has(name))
      query[api_name(name)] = get(name);
  return query;
}

boost::json::object Arguments::texts(Option::Use use) const {
  boost::json::object members;
  for (const auto& option : command_->options)
    if (const std::string name(option.name); option.use == use && has(name)) members[api_name(name)] = get(name);
  return members;
}

}  // namespace opi::ctl
