#include <boost/json/array.hpp>
#include <filesystem>
#include <ostream>

#include "ctl/failure.hpp"
#include "ctl/plugin_desk.hpp"
#include "ctl/table.hpp"
#include "plugins/plugin_host.hpp"

namespace opi::ctl {
namespace {

namespace json = boost::json;

json::string_view text(std::string_view view) { return {view.data(), view.size()}; }

json::object view_of(const plugins::LoadedPlugin& plugin) {
  json::array offers;
  for (const auto& component : plugin.manifest().components) {
    const bool adapter = component.kind == plugins::ComponentKind::adapter;
    offers.push_back({{"kind", adapter ? "adapter" : "secret_provider"},
                      {"id", component.id},
                      {"title", component.title},
                      {"scheme", component.reference ? json::value(text(component.reference->scheme())) : nullptr}});
  }
  return {{"plugin", plugin.manifest().id},     {"version", plugin.manifest().version},
          {"vendor", plugin.manifest().vendor}, {"file", plugin.file()},
          {"sha256", plugin.sha256()},          {"components", std::move(offers)}};
}

json::object view_of(const plugins::Refusal& refusal) {
  return {{"file", refusal.file},
          {"stage", text(plugins::to_string(refusal.stage))},
          {"code", refusal.code},
          {"message", refusal.message},
          {"remedy", refusal.remedy}};
}

json::array component_ids(const json::value& components) {
  json::array ids;
  for (const auto& component : components.as_array()) ids.push_back(component.at("id"));
  return ids;
}

int print(Context& context, const plugins::PluginHost& host) {
  json::array loaded, refused;
  for (const auto& plugin : host.loaded()) loaded.push_back(view_of(*plugin));
  for (const auto& refusal : host.refused()) refused.push_back(view_of(refusal));
  const int code = refused.empty() ? exit_ok : exit_findings;
  if (context.json()) {
    print_json(context, {{"plugins", std::move(loaded)}, {"refused", std::move(refused)}});
    return code;
  }
  if (!loaded.empty() || refused.empty()) {
    for (auto& plugin : loaded) plugin.as_object()["offers"] = component_ids(plugin.at("components"));
    print_table(context.out(), {{"PLUGIN", "plugin"}, {"VERSION", "version"}, {"OFFERS", "offers"}, {"FILE", "file"}},
                loaded);
  }
  for (const auto& refusal : host.refused())
    context.out() << "refused " << cell(json::string(refusal.file)) << "\n  " << plugins::to_string(refusal.stage)
                  << " " << refusal.code << ": " << cell(json::string(refusal.message))
                  << "\n  remedy: " << cell(json::string(refusal.remedy)) << "\n";
  return code;
}

int list_plugins(Context& context, const Arguments&) {
  PluginDesk desk(context.configuration(), context.clock(), context.random());
  return print(context, desk.loaded());
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
       "asked. Exit code 1 if any is refused.",
       {},
       {},
       list_plugins},
      {"plugins check",
       "inspect and try one plugin file, and say why it would be refused",
       "It goes through every stage of loading, wherever it lies. What is already in the plugin directory is left out "
       "of account. Exit code 1 if it is refused.",
       {{"FILE", "a plugin"}},
       {},
       check_plugin}};
}

}  // namespace opi::ctl
