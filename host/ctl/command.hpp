#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace opi::ctl {

class Arguments;
class Context;

struct Option {
  enum class Use {
    own,    // the command reads it
    query,  // a query parameter of the API, by its name with '_' for '-'
    body,   // a member of the API's document, likewise
  };
  std::string_view name;         // without "--"
  std::string_view value;        // what stands for the value in help; empty: a flag
  std::string_view description;  // one line
  Use use = Use::own;
  bool required = false;
  std::vector<std::string_view> choices = {};  // all values that can be, if they are few
};

struct Positional {
  std::string_view name;  // in capitals
  std::string_view description;
  bool required = true;
};

// One command. Parsing, usage, help, completion and the manual page all come from here.
struct Command {
  std::string_view name;  // "noun verb", or one word
  std::string_view summary;
  std::string_view details;  // further sentences for help and manual; may be empty
  std::vector<Positional> positionals;
  std::vector<Option> options;
  int (*run)(Context&, const Arguments&);
  std::string_view other_name = {};  // an older one that still works
};

// Every command, by nouns.
const std::vector<Command>& commands();
// By its name or older name; null if there is none.
const Command* find_command(std::string_view name);

// What every command takes, before or behind its name.
const std::vector<Option>& global_options();

// The commands of one noun; commands() puts them together.
std::vector<Command> store_commands();
std::vector<Command> tenant_commands();
std::vector<Command> token_commands();
std::vector<Command> adapter_commands();
std::vector<Command> destination_commands();
std::vector<Command> filter_commands();
std::vector<Command> credential_commands();
std::vector<Command> policy_commands();
std::vector<Command> event_commands();
std::vector<Command> delivery_commands();
std::vector<Command> dead_letter_commands();
std::vector<Command> operation_commands();
std::vector<Command> delivery_event_commands();
std::vector<Command> health_commands();
std::vector<Command> alert_commands();
std::vector<Command> audit_commands();
std::vector<Command> plugin_commands();
std::vector<Command> secret_commands();
std::vector<Command> kubernetes_commands();
std::vector<Command> doctor_commands();
std::vector<Command> init_commands();
std::vector<Command> completion_commands();

// Options that several commands have.
Option tenant_option();
Option if_match_option();
std::vector<Option> page_options();    // limit, cursor, all
std::vector<Option> filter_options();  // those of deliveries and dead letters
std::vector<Option> operator+(std::vector<Option> a, const std::vector<Option>& b);

}  // namespace opi::ctl
