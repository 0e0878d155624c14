#include "administration/alert_settings.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "administration/document.hpp"
#include "delivery/json_fields.hpp"
#include "domain/redaction.hpp"

namespace opi::administration {
namespace {

namespace json = boost::json;
using delivery::FieldError;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

AlertRulesOverride read_rules(const json::object& object, std::vector<FieldError>& errors) {
  delivery::JsonFields fields(object, "", errors);
  AlertRulesOverride rules;
  for (const auto& member : object) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::ranges::none_of(alert_rules, [&](const AlertRule& rule) { return rule.name == name; }))
      fields.error(redact(name, 64), "is not a known member");
  }
  for (std::size_t i = 0; i < alert_rules.size(); ++i) {
    const auto& rule = alert_rules.at(i);
    const auto value = fields.integer(rule.name.data(), rule.may_be_off ? 0 : rule.least, rule.most);
    if (!value) continue;
    if (*value != 0 && *value < rule.least)
      fields.error(rule.name, "must be 0, which is off, or at least " + std::to_string(rule.least));
    else
      rules.values.at(i) = static_cast<int>(*value);
  }
  return rules;
}

}  // namespace

TenantChange AlertSettings::replace(const TenantId& tenant, CatalogEditor::Seen seen, std::string_view text,
                                    const Actor& actor) {
  return editor_.edit(tenant, seen, actor, audit::Action::alert_rules_changed, [&](Tenant& wanted, const Catalog&) {
    CatalogEditor::Edit edit;
    const auto parsed = parse_document(text);
    if (const auto* errors = std::get_if<std::vector<FieldError>>(&parsed)) {
      edit.errors = *errors;
      return edit;
    }
    const auto rules = read_rules(std::get<json::object>(parsed), edit.errors);
    json::array changed;
    for (std::size_t i = 0; i < alert_rules.size(); ++i)
      if (rules.values.at(i) != wanted.alert_rules.values.at(i)) changed.emplace_back(view(alert_rules.at(i).name));
    edit.details["changed"] = std::move(changed);
    wanted.alert_rules = rules;
    return edit;
  });
}

json::object view_of(const AlertRulesOverride& own) {
  json::object set, effective;
  const auto rules = own.applied_to({});
  for (std::size_t i = 0; i < alert_rules.size(); ++i) {
    const auto& rule = alert_rules.at(i);
    if (own.values.at(i)) set[view(rule.name)] = *own.values.at(i);
    effective[view(rule.name)] = rules.*rule.value;
  }
  return {{"alert_rules", std::move(set)}, {"effective_alert_rules", std::move(effective)}};
}

}  // namespace opi::administration
