#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace opi {

// When somebody is told that deliveries are in trouble. A rule of 0 is off.
struct AlertRules {
  int failing_minutes = 15;    // the attempts of a destination have failed for this long without a success between
  int failing_attempts = 20;   // or this many in a row
  int dead_letters = 100;      // this many of a destination are parked
  int credential_refused = 3;  // this many attempts in a row were answered 401, 403 or 407
  int credential_days = 14;    // before the last version of a credential ends
  int held_minutes = 15;       // a destination is held for this long
  int clear_minutes = 5;       // the cause has been gone for this long before the all-clear
  int repeat_minutes = 60;     // between two alerts of one kind about one destination
  int disable_after_days = 0;  // a destination that has failed for this long is disabled, announced a day before

  bool operator==(const AlertRules&) const = default;
};

// A member of AlertRules: how people name it, and what it may be.
struct AlertRule {
  std::string_view name;
  int AlertRules::*value;
  int least, most;
  bool may_be_off = true;  // by 0
};

inline constexpr std::array alert_rules{
    AlertRule{"failing_minutes", &AlertRules::failing_minutes, 5, 1'440},
    AlertRule{"failing_attempts", &AlertRules::failing_attempts, 2, 10'000},
    AlertRule{"dead_letters", &AlertRules::dead_letters, 1, 10'000},
    AlertRule{"credential_refused", &AlertRules::credential_refused, 1, 1'000},
    AlertRule{"credential_days", &AlertRules::credential_days, 1, 365},
    AlertRule{"held_minutes", &AlertRules::held_minutes, 1, 10'080},
    AlertRule{"clear_minutes", &AlertRules::clear_minutes, 1, 1'440, false},
    AlertRule{"repeat_minutes", &AlertRules::repeat_minutes, 1, 10'080, false},
    AlertRule{"disable_after_days", &AlertRules::disable_after_days, 2, 90},
};

// What a tenant sets for itself, in the order of `alert_rules`; the rest is as it comes.
struct AlertRulesOverride {
  std::array<std::optional<int>, alert_rules.size()> values{};

  [[nodiscard]] AlertRules applied_to(AlertRules rules) const {
    for (std::size_t i = 0; i < alert_rules.size(); ++i)
      if (values.at(i)) rules.*alert_rules.at(i).value = *values.at(i);
    return rules;
  }
  bool operator==(const AlertRulesOverride&) const = default;
};

}  // namespace opi
