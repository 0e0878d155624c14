#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clock.hpp"

namespace opi {

struct Destination;

// Why nothing goes to a destination although something may be due. The closed list that docs/operations.md explains;
// what comes first is told if several are true.
enum class HoldCause {
  newer_version,             // a newer version has written of it what this one does not understand
  disabled,                  // by a person, or because its receiver said that it is gone
  credential_unbound,        // a credential was put for another receiver
  adapter_missing,           // no loaded plugin offers its adapter
  adapter_quarantined,       // the adapter's plugin has crashed too often
  configuration_refused,     // the adapter will not have the configuration
  adapter_unavailable,       // the adapter cannot be asked just now
  credential_unusable,       // a secret is not there, may not be read, has expired or can never serve
  secret_store_unavailable,  // the store of a secret does not answer
  breaker_open,              // the receiver did not answer, many times in a row
  paused_by_receiver,        // the receiver asked for silence
  waits_for_order,           // of a delivery alone: an earlier one about the same subject goes first
};
inline constexpr std::array all_hold_causes{HoldCause::newer_version,
                                            HoldCause::disabled,
                                            HoldCause::credential_unbound,
                                            HoldCause::adapter_missing,
                                            HoldCause::adapter_quarantined,
                                            HoldCause::configuration_refused,
                                            HoldCause::adapter_unavailable,
                                            HoldCause::credential_unusable,
                                            HoldCause::secret_store_unavailable,
                                            HoldCause::breaker_open,
                                            HoldCause::paused_by_receiver,
                                            HoldCause::waits_for_order};

std::string_view to_string(HoldCause cause);
std::optional<HoldCause> parse_hold_cause(std::string_view text);
// What to do about it, for people.
std::string_view remedy_of(HoldCause cause);
// Whether the audit trail says when a hold of this cause begins and when it ends. Not what comes and goes by itself,
// nor what a record of its own says: who disabled a destination.
bool is_audited(HoldCause cause);

struct Hold {
  static constexpr std::size_t detail_length = 512;  // characters

  HoldCause cause{};
  std::string detail = {};             // of this very case, for people; without secrets; may be empty
  std::optional<UnixTime> since = {};  // none: it has only just been found
  std::optional<UnixTime> until = {};  // when it ends by itself, if that is known
  bool operator==(const Hold&) const = default;
};

// As it was found at `since`, with what the detail says redacted and cut to detail_length.
Hold found_hold(HoldCause cause, std::string_view detail, UnixTime since);

// What can be told from the destination alone: newer_version, disabled or credential_unbound.
std::optional<Hold> hold_by_itself(const Destination& destination);

}  // namespace opi
