#include "ctl/table.hpp"

namespace opi::ctl {
namespace {

int list_adapters(Context& context, const Arguments& arguments) {
  const auto answer = get(context, arguments, "/adapters");
  if (context.json()) return show(context, answer);
  print_table(context.out(),
              {{"ADAPTER", "adapter"}, {"TITLE", "title"}, {"PLUGIN", "plugin.id"}, {"VERSION", "plugin.version"}},
              answer.body.at("adapters").as_array());
  return exit_ok;
}

int show_adapter(Context& context, const Arguments& arguments) {
  return show(context, get(context, arguments, "/adapters/" + segment(arguments.get("ADAPTER"))));
}

}  // namespace

std::vector<Command> adapter_commands() {
  return {{"adapters list", "what destinations can be made with", "", {}, {}, list_adapters},
          {"adapters show",
           "one adapter, with the JSON Schema of its configuration",
           "",
           {{"ADAPTER", "its id"}},
           {},
           show_adapter}};
}

}  // namespace opi::ctl
