#include "delivery/stored_alert_rules.hpp"

#include <boost/json.hpp>

namespace opi::delivery {

namespace json = boost::json;

std::string stored_text(const AlertRulesOverride& rules) {
  json::object object;
  for (std::size_t i = 0; i < alert_rules.size(); ++i)
    if (const auto& value = rules.values.at(i)) object[std::string(alert_rules.at(i).name)] = *value;
  return json::serialize(object);
}

AlertRulesOverride stored_alert_rules(std::string_view text) {
  AlertRulesOverride rules;
  json::error_code failure;
  const auto parsed = json::parse(json::string_view{text.data(), text.size()}, failure);
  if (failure || !parsed.is_object()) return rules;
  for (std::size_t i = 0; i < alert_rules.size(); ++i) {
    const auto& rule = alert_rules.at(i);
    const auto* value = parsed.get_object().if_contains({rule.name.data(), rule.name.size()});
    if (value == nullptr) continue;
    const auto number = value->to_number<int>(failure);
    const bool off = number == 0 && rule.may_be_off;
    if (!failure && (off || (number >= rule.least && number <= rule.most))) rules.values.at(i) = number;
  }
  return rules;
}

}  // namespace opi::delivery
