#include <signal.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <system_error>
#include <thread>

#include "ctl/daemons_eyes.hpp"
#include "ctl/failure.hpp"
#include "ctl/plugin_desk.hpp"
#include "ctl/table.hpp"
#include "ctl/would_be_held.hpp"
#include "node/plugin_report.hpp"
#include "plugins/plugin_host.hpp"
#include "plugins/refusal_codes.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds reload_patience{60'000}, reload_poll{50};  // probes take up to ten seconds each

using node::view_of;

json::array component_ids(const json::value& components) {
  json::array ids;
  for (const auto& component : components.as_array()) ids.push_back(component.at("id"));
  return ids;
}

// What its secret providers may reach where they run in processes of their own.
json::value needs_of(const json::value& components) {
  json::array needs;
  for (const auto& component : components.as_array())
    for (const auto& need : component.at("needs").as_array())
      if (std::ranges::find(needs, need) == needs.end()) needs.push_back(need);
  return needs.empty() ? json::value(nullptr) : json::value(std::move(needs));
}

void print_refusals(Context& context, const json::array& refused) {
  for (const auto& each : refused) {
    const auto& one = each.as_object();
    const auto member = [&](const char* name) { return cell(one.at(name)); };
    context.out() << "refused " << member("file") << "\n  " << member("stage") << " " << member("code") << ": "
                  << member("message") << "\n  remedy: " << member("remedy") << "\n";
  }
}

// One that is for other environments alone is told of, and is no finding.
int code_of(const json::array& refused) {
  const auto is_fault = [](const json::value& one) {
    const auto& code = one.at("code").as_string();
    return plugins::is_fault({code.data(), code.size()});
  };
  return std::ranges::any_of(refused, is_fault) ? exit_findings : exit_ok;
}

int print(Context& context, const plugins::PluginHost& host) {
  json::array loaded, refused;
  for (const auto& plugin : host.loaded()) loaded.push_back(view_of(*plugin));
  for (const auto& refusal : host.refused()) refused.push_back(view_of(refusal));
  const int code = code_of(refused);
  if (context.json()) {
    print_json(context, {{"plugins", std::move(loaded)}, {"refused", std::move(refused)}});
    return code;
  }
  if (!loaded.empty() || refused.empty()) {
    for (auto& plugin : loaded) {
      plugin.as_object()["offers"] = component_ids(plugin.at("components"));
      plugin.as_object()["needs"] = needs_of(plugin.at("components"));
    }
    print_table(context.out(),
                {{"PLUGIN", "plugin"},
                 {"VERSION", "version"},
                 {"OFFERS", "offers"},
                 {"RUNS", "isolation"},
                 {"NEEDS", "needs"},
                 {"FILE", "file"}},
                loaded);
  }
  print_refusals(context, refused);
  return code;
}

int list_plugins(Context& context, const Arguments&) {
  look_with_the_daemons_eyes(context.configuration());
  PluginDesk desk(context.configuration(), context.clock(), context.random());
  return print(context, desk.loaded());
}

node::PluginReport running_daemon(const Context& context) {
  const std::filesystem::path state = context.configuration().state_directory;
  auto report = node::read_plugin_report(state);
  if (!node::daemon_is_running(state) || !report)
    throw failure(exit_unavailable, "no-daemon", "No daemon runs here",
                  "no daemon uses the state directory " + state.string() + "; a daemon looks at its plugins at start");
  return std::move(*report);
}

// What the daemon that uses the state directory says after it has looked at its plugin directory again.
json::object reloaded(const Context& context) {
  const std::filesystem::path state = context.configuration().state_directory;
  const auto before = running_daemon(context);
  if (::kill(before.pid, SIGHUP) != 0)
    throw failure(exit_unavailable, "no-permission", "The daemon cannot be told",
                  "process " + std::to_string(before.pid) + ": " + std::generic_category().message(errno));
  for (auto waited = std::chrono::milliseconds{0}; waited < reload_patience; waited += reload_poll) {
    std::this_thread::sleep_for(reload_poll);
    const auto after = node::read_plugin_report(state);
    if (after && (after->pid != before.pid || after->generation != before.generation)) return after->change;
  }
  throw failure(exit_unavailable, "no-answer", "The daemon did not answer",
                "it was told to reload and has not done so; its log says why");
}

// What the files in the plugin directory would do to destinations that are sent to now.
json::array held_by_reload(Context& context, const json::array& running) {
  look_with_the_daemons_eyes(context.configuration());
  json::array rows;
  for (const auto& [destination, hold] : would_be_held(context.services(), running)) {
    const auto cause = to_string(hold.cause);
    rows.push_back({{"tenant_id", destination->tenant_id.str()},
                    {"destination_id", destination->id.to_string()},
                    {"name", destination->name},
                    {"adapter", destination->adapter},
                    {"cause", json::string_view{cause.data(), cause.size()}},
                    {"detail", hold.detail}});
  }
  return rows;
}

int tell_would_be_held(Context& context, const json::array& rows, const char* otherwise) {
  if (context.json())
    print_json(context, {{"would_be_held", rows}});
  else if (rows.empty())
    context.out() << otherwise << "\n";
  else
    print_table(context.out(),
                {{"TENANT", "tenant_id"},
                 {"NAME", "name"},
                 {"DESTINATION", "destination_id"},
                 {"CAUSE", "cause"},
                 {"DETAIL", "detail"}},
                rows);
  return rows.empty() ? exit_ok : exit_findings;
}

int reload_plugins(Context& context, const Arguments& arguments) {
  if (arguments.has("check") && arguments.has("force")) throw usage_failure("--check and --force exclude each other");
  const auto report = running_daemon(context);
  if (!arguments.has("force")) {
    const auto rows = held_by_reload(context, report.running);
    if (arguments.has("check") || !rows.empty()) {
      const int code = tell_would_be_held(context, rows, "no destination would be held");
      if (!arguments.has("check"))
        context.err() << "nothing was reloaded: these destinations would be held; --force reloads all the same\n";
      return code;
    }
  }
  const auto change = reloaded(context);
  const auto& refused = change.at("refused").as_array();
  const int code = code_of(refused);
  if (context.json()) return print_json(context, change), code;
  bool any = !refused.empty();
  for (const char* what : {"loaded", "retired"})
    for (const auto& plugin : change.at(what).as_array()) {
      any = true;
      context.out() << what << " " << cell(plugin.at("plugin")) << " " << cell(plugin.at("version")) << " "
                    << cell(plugin.at("file")) << "\n";
    }
  print_refusals(context, refused);
  if (!any) context.out() << "nothing has changed\n";
  return code;
}

int check_plugin(Context& context, const Arguments& arguments) {
  const auto file = std::filesystem::absolute(arguments.get("FILE"));
  std::error_code fault;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, fault)))
    throw failure(exit_missing, "no-input", "The file cannot be read", file.string() + ": there is no such file");
  PluginDesk desk(context.configuration(), context.clock(), context.random());
  desk.host().load_file(file);
  return print(context, desk.host());
}

}  // namespace

std::vector<Command> plugin_commands() {
  return {
      {"plugins list",
       "what of the plugin directory would load, and why the rest would not",
       "The plugins are tried in this process, as the daemon tries them at its start; the running daemon is not "
       "asked. Exit code 1 if any is refused, but for those that are not for this environment.",
       {},
       {},
       list_plugins},
      {"plugins check",
       "inspect and try one plugin file, and say why it would be refused",
       "It goes through every stage of loading, wherever it lies. What is already in the plugin directory is left out "
       "of account. Exit code 1 if it is refused.",
       {{"FILE", "a plugin"}},
       {},
       check_plugin},
      {"plugins reload",
       "have the running daemon look at its plugin directory again",
       "New and changed plugins serve the deliveries that begin from now on; those under way end with the plugin they "
       "began with. A file that is refused leaves its predecessor in service; a plugin whose file is gone is retired, "
       "and its destinations are held. A secret provider is made anew as well where its configuration has changed. The "
       "daemon is found by its state directory and gets SIGHUP. Before, the plugins are tried in this process on every "
       "enabled destination: if some that are sent to would be held, because the new build refuses their configuration "
       "or their plugin is gone, they are listed and nothing is reloaded. Exit code 1 then, and if any file is "
       "refused, "
       "but for those that are not for this environment.",
       {},
       {{"check", "", "only say which destinations would be held"},
        {"force", "", "reload without that check: what is due for those destinations waits"}},
       reload_plugins}};
}

}  // namespace opi::ctl
