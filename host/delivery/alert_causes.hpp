#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "delivery/alert_store.hpp"
#include "domain/alert.hpp"
#include "domain/alert_rules.hpp"
#include "domain/destination.hpp"

namespace opi::delivery {

// What disabled_reason begins with if AlertWatch has disabled the destination.
inline constexpr std::string_view disabled_for_failing = "disabled for having failed for days";

struct AlertCause {
  UnixTime since{};
  std::string detail;  // for people
};

// What alerts about one destination are judged by.
struct AlertSubject {
  const Destination& destination;
  const DestinationTrouble& trouble;
  const AlertRules& rules;
  UnixTime now{};
  // The active alert that says since when it fails, if there is one: what it tells goes further back than the store is
  // read.
  std::optional<UnixTime> failing_since = {};
};

// The cause of an alert of this kind; nullopt if there is none, its rule is off, or an alert of another kind tells it.
// `active`: there is one already, and it takes less to go on than to begin. Pure.
std::optional<AlertCause> cause_of(AlertKind kind, const AlertSubject& subject, bool active);

// Whether attempts fail so that a destination is disabled for it in the end.
bool is_failure(AlertKind kind);

}  // namespace opi::delivery
