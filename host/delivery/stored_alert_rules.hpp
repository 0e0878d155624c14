#pragma once
#include <string>
#include <string_view>

#include "domain/alert_rules.hpp"

// The form in which both stores keep a tenant's rules. Pure.
namespace opi::delivery {

// A JSON object of the members that are set.
std::string stored_text(const AlertRulesOverride& rules);
// What of it this version knows; a member or value that it does not is as if it were not set.
AlertRulesOverride stored_alert_rules(std::string_view text);

}  // namespace opi::delivery
