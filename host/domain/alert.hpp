#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clock.hpp"
#include "domain/ids.hpp"

namespace opi {

// What an alert is about. The closed list that docs/alerts.md explains.
enum class AlertKind {
  destination_failing,    // attempts fail, and none succeeds
  dead_letters_parked,    // many wait for a person
  credential_refused,     // a receiver refuses what is sent, or a secret cannot be used
  credential_expiring,    // the last version of a credential ends soon
  destination_held,       // nothing is sent, for longer than a passing trouble lasts
  destination_disabling,  // it will be disabled for having failed too long, or was
};
inline constexpr std::array all_alert_kinds{AlertKind::destination_failing, AlertKind::dead_letters_parked,
                                            AlertKind::credential_refused,  AlertKind::credential_expiring,
                                            AlertKind::destination_held,    AlertKind::destination_disabling};

std::string_view to_string(AlertKind kind);
std::optional<AlertKind> parse_alert_kind(std::string_view text);
// What to do about it, for people.
std::string_view remedy_of(AlertKind kind);

inline constexpr std::string_view alert_raised_type = "integration.alert.raised";
inline constexpr std::string_view alert_cleared_type = "integration.alert.cleared";

// One cause at one destination, from its beginning to its all-clear.
struct Alert {
  static constexpr std::size_t detail_length = 512;  // characters

  Uuid id{};
  TenantId tenant;
  DestinationId destination;
  AlertKind kind{};
  std::string detail;  // of this very case, for people; without secrets
  UnixTime since{};    // the cause
  UnixTime raised_at{};
  std::optional<UnixTime> gone_since = {};  // the cause is not found any more since then
  std::optional<UnixTime> cleared_at = {};
  // The event about it that is still to be stored, and how many destinations were sent the last one.
  enum class Owed { nothing, raised, cleared } owed = Owed::nothing;
  int recipients = 0;
  bool operator==(const Alert&) const = default;
};

std::string_view to_string(Alert::Owed owed);
Alert::Owed parse_owed(std::string_view text);

}  // namespace opi
