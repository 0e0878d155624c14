#include "plugins/plugin.hpp"

#include <algorithm>

#include "plugins/refusal_codes.hpp"

namespace opi::plugins {

std::string_view to_string(Isolation isolation) { return isolation == Isolation::process ? "process" : "in_process"; }

std::vector<Refusal> Plugin::environment_faults() const {
  std::vector<Refusal> faults;
  for (const auto& component : source_.manifest.components)
    if (!component.environments.empty() &&
        std::ranges::find(component.environments, source_.environment) == component.environments.end())
      faults.push_back(refusal(
          source_.file, Stage::init, codes::environment_refused,
          "component \"" + component.id + "\" must not be used in the environment \"" + source_.environment + "\""));
  return faults;
}

}  // namespace opi::plugins
