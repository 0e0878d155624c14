#include "ctl/plugin_warnings.hpp"

#include <map>

namespace opi::ctl {

void PluginWarnings::log(telemetry::Level level, std::string_view event,
                         std::initializer_list<telemetry::Field> fields) {
  if (!enabled(level) || event != "plugin.message") return;
  std::map<std::string_view, std::string_view> texts;
  for (const auto& field : fields)
    if (const auto* text = std::get_if<std::string_view>(&field.value)) texts[field.name] = *text;
  std::string warning = std::string(texts["plugin"]) + ": " + std::string(texts["message"]);
  if (!texts["fields"].empty()) warning += " (" + std::string(texts["fields"]) + ")";
  const Lock lock(mutex_);
  warnings_.push_back(std::move(warning));
}

}  // namespace opi::ctl
