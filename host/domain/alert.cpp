#include "domain/alert.hpp"

namespace opi {
namespace {

struct Named {
  AlertKind kind;
  std::string_view name, remedy;
};

constexpr std::array named{
    Named{AlertKind::destination_failing, "destination_failing",
          "look at its last attempts and mend the receiver; what waits is sent by itself then"},
    Named{AlertKind::dead_letters_parked, "dead_letters_parked",
          "mend what they failed for, then replay them, or discard what nobody needs any more"},
    Named{AlertKind::credential_refused, "credential_refused",
          "see what the receiver or the secret store says, and put a credential that it takes"},
    Named{AlertKind::credential_expiring, "credential_expiring", "rotate the credential before it ends"},
    Named{AlertKind::destination_held, "destination_held", "do what the hold's own remedy says"},
    Named{AlertKind::destination_disabling, "destination_disabling",
          "mend the receiver before it is disabled; afterwards enable the destination again"},
};
constexpr std::array owed_names{std::string_view{""}, std::string_view{"raised"}, std::string_view{"cleared"}};

static_assert(named.size() == all_alert_kinds.size());

}  // namespace

std::string_view to_string(AlertKind kind) { return named.at(static_cast<std::size_t>(kind)).name; }
std::string_view remedy_of(AlertKind kind) { return named.at(static_cast<std::size_t>(kind)).remedy; }

std::optional<AlertKind> parse_alert_kind(std::string_view text) {
  for (const auto& one : named)
    if (one.name == text) return one.kind;
  return std::nullopt;
}

std::string_view to_string(Alert::Owed owed) { return owed_names.at(static_cast<std::size_t>(owed)); }

Alert::Owed parse_owed(std::string_view text) {
  for (std::size_t i = 0; i < owed_names.size(); ++i)
    if (owed_names.at(i) == text) return static_cast<Alert::Owed>(i);
  return Alert::Owed::nothing;
}

}  // namespace opi
