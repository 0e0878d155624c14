#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace opi {

// The states of a delivery, and no others. The schema's CHECKs and docs/architecture.md restate this
// table; tests/unit/domain compare them.
enum class DeliveryState { pending, delivering, retry_scheduled, delivered, failed, dead_lettered };

enum class DeliveryTrigger {
  claim,         // a daemon leased it
  release,       // the lease was given back before anything was sent
  succeed,       // the receiver accepted it
  retry,         // an attempt failed and another is due later
  fail,          // ended without success; the policy parks nothing
  dead_letter,   // ended without success and parked for a person
  late_succeed,  // success reported after the lease was taken over
  replay,        // a person sends a dead letter again
  discard,       // a person gives a dead letter up
  resend,        // a person sends again what has ended
  cancel,        // a person ends what waits; that stands in its history as an attempt that sends nothing
};

inline constexpr std::array all_delivery_states{
    DeliveryState::pending,   DeliveryState::delivering, DeliveryState::retry_scheduled,
    DeliveryState::delivered, DeliveryState::failed,     DeliveryState::dead_lettered,
};

constexpr std::string_view to_string(DeliveryState state) {
  switch (state) {
    case DeliveryState::pending: return "pending";
    case DeliveryState::delivering: return "delivering";
    case DeliveryState::retry_scheduled: return "retry_scheduled";
    case DeliveryState::delivered: return "delivered";
    case DeliveryState::failed: return "failed";
    case DeliveryState::dead_lettered: return "dead_lettered";
  }
  return "";
}

constexpr std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
  for (const auto state : all_delivery_states)
    if (to_string(state) == text) return state;
  return std::nullopt;
}

// A person's doing; everything else the daemon does by itself.
constexpr bool is_manual(DeliveryTrigger trigger) {
  return trigger == DeliveryTrigger::replay || trigger == DeliveryTrigger::discard ||
         trigger == DeliveryTrigger::resend || trigger == DeliveryTrigger::cancel;
}

// Live deliveries stand in the hot table, terminal ones in the cold table.
constexpr bool is_terminal(DeliveryState state) {
  return state == DeliveryState::delivered || state == DeliveryState::failed || state == DeliveryState::dead_lettered;
}

struct DeliveryTransition {
  DeliveryState from;
  DeliveryTrigger trigger;
  bool after_attempt;  // whether at least one attempt of the delivery is recorded
  DeliveryState to;
};

inline constexpr std::array delivery_transitions{
    DeliveryTransition{DeliveryState::pending, DeliveryTrigger::claim, false, DeliveryState::delivering},
    DeliveryTransition{DeliveryState::retry_scheduled, DeliveryTrigger::claim, true, DeliveryState::delivering},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::release, false, DeliveryState::pending},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::release, true, DeliveryState::retry_scheduled},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::succeed, true, DeliveryState::delivered},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::retry, true, DeliveryState::retry_scheduled},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::fail, true, DeliveryState::failed},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::dead_letter, true, DeliveryState::dead_lettered},
    DeliveryTransition{DeliveryState::retry_scheduled, DeliveryTrigger::late_succeed, true, DeliveryState::delivered},
    DeliveryTransition{DeliveryState::delivering, DeliveryTrigger::late_succeed, true, DeliveryState::delivered},
    DeliveryTransition{DeliveryState::dead_lettered, DeliveryTrigger::replay, true, DeliveryState::retry_scheduled},
    DeliveryTransition{DeliveryState::dead_lettered, DeliveryTrigger::discard, true, DeliveryState::failed},
    DeliveryTransition{DeliveryState::delivered, DeliveryTrigger::resend, true, DeliveryState::retry_scheduled},
    DeliveryTransition{DeliveryState::failed, DeliveryTrigger::resend, true, DeliveryState::retry_scheduled},
    DeliveryTransition{DeliveryState::pending, DeliveryTrigger::cancel, true, DeliveryState::failed},
    DeliveryTransition{DeliveryState::retry_scheduled, DeliveryTrigger::cancel, true, DeliveryState::failed},
};

constexpr std::optional<DeliveryState> next_state(DeliveryState from, DeliveryTrigger trigger, bool after_attempt) {
  for (const auto& row : delivery_transitions)
    if (row.from == from && row.trigger == trigger && row.after_attempt == after_attempt) return row.to;
  return std::nullopt;
}

namespace proof {

constexpr bool rows_are_unique() {
  for (std::size_t i = 0; i < delivery_transitions.size(); ++i)
    for (std::size_t j = i + 1; j < delivery_transitions.size(); ++j)
      if (delivery_transitions[i].from == delivery_transitions[j].from &&
          delivery_transitions[i].trigger == delivery_transitions[j].trigger &&
          delivery_transitions[i].after_attempt == delivery_transitions[j].after_attempt)
        return false;
  return true;
}

// What has ended stays as it is, unless a person moves it: a dead letter waits for that.
constexpr bool only_a_person_moves_what_has_ended() {
  return std::ranges::all_of(delivery_transitions,
                             [](const auto& row) { return !is_terminal(row.from) || is_manual(row.trigger); });
}
// An attempt that is under way comes back before anybody decides about its delivery.
constexpr bool nobody_interferes_with_attempts() {
  return std::ranges::none_of(delivery_transitions, [](const auto& row) {
    return row.from == DeliveryState::delivering && is_manual(row.trigger);
  });
}

// Live states all lead on: none of them can trap a delivery.
constexpr bool live_states_have_exits() {
  return std::ranges::all_of(all_delivery_states, [](DeliveryState state) {
    return is_terminal(state) ||
           std::ranges::any_of(delivery_transitions, [=](const auto& row) { return row.from == state; });
  });
}

constexpr bool all_states_are_reachable() {
  std::array<bool, all_delivery_states.size()> reached{};
  reached[static_cast<std::size_t>(DeliveryState::pending)] = true;
  for (std::size_t round = 0; round < reached.size(); ++round)
    for (const auto& row : delivery_transitions)
      if (reached[static_cast<std::size_t>(row.from)]) reached[static_cast<std::size_t>(row.to)] = true;
  return std::ranges::all_of(reached, [](bool r) { return r; });
}

static_assert(rows_are_unique());
static_assert(only_a_person_moves_what_has_ended());
static_assert(nobody_interferes_with_attempts());
static_assert(live_states_have_exits());
static_assert(all_states_are_reachable());

}  // namespace proof
}  // namespace opi
