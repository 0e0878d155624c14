#include "ctl/command.hpp"

#include <iterator>

namespace opi::ctl {

const std::vector<Command>& commands() {
  static const std::vector<Command> table = [] {
    std::vector<Command> all;
    for (auto* of_noun :
         {store_commands,       tenant_commands,     token_commands,          adapter_commands,    destination_commands,
          filter_commands,      credential_commands, policy_commands,         event_commands,      delivery_commands,
          dead_letter_commands, operation_commands,  delivery_event_commands, health_commands,     alert_commands,
          audit_commands,       plugin_commands,     secret_commands,         kubernetes_commands, doctor_commands,
          init_commands,        completion_commands}) {
      auto some = of_noun();
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  }();
  return table;
}

const Command* find_command(std::string_view name) {
  for (const auto& command : commands())
    if (command.name == name || (!command.other_name.empty() && command.other_name == name)) return &command;
  return nullptr;
}

const std::vector<Option>& global_options() {
  static const std::vector<Option> options{
      {"config", "FILE",
       "configuration file; else INTEGRATIONSCTL_CONFIG, else /etc/integrationsd.conf if it is there"},
      {"set", "SECTION.NAME=VALUE", "overrides one key of the configuration; may be repeated"},
      {"json", "", "print the API's JSON document; errors are problem documents on standard error"},
      {"help", "", "print help on the command and exit"},
      {"version", "", "print the version and exit"},
  };
  return options;
}

Option tenant_option() { return {"tenant", "TENANT", "the tenant's id", Option::Use::own, true}; }

Option if_match_option() {
  return {"if-match", "REVISION", "change it only if this is still its revision (as show tells it)"};
}

std::vector<Option> page_options() {
  return {{"limit", "N", "rows of a page, 1 to 200; 50 if not given", Option::Use::query},
          {"cursor", "CURSOR", "go on after the page that named it", Option::Use::query},
          {"all", "", "every page, one after the other"}};
}

std::vector<Option> filter_options() {
  using enum Option::Use;
  return {{"destination-id", "IDS", "of this destination, or several with commas between", query},
          {"event-id", "ID", "of this event", query},
          {"event-type", "TYPE", "of events of this type", query},
          {"correlation-id", "ID", "with this correlation id", query},
          {"alert-id", "ID", "about this alert", query},
          {"evidence-id", "ID", "about this evidence", query},
          {"ticket-id", "ID", "about this ticket", query},
          {"created-from", "TIME", "created at this time or later, RFC 3339", query},
          {"created-to", "TIME", "created before this time, RFC 3339", query}};
}

std::vector<Option> operator+(std::vector<Option> a, const std::vector<Option>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace opi::ctl
