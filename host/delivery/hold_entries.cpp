#include "delivery/hold_entries.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "domain/timestamp.hpp"

namespace opi::delivery {
namespace {

namespace json = boost::json;

json::string_view name_of(HoldCause cause) {
  const auto name = to_string(cause);
  return {name.data(), name.size()};
}

bool is_audited(const std::optional<Hold>& hold) { return hold && opi::is_audited(hold->cause); }

}  // namespace

std::optional<audit::Entry> entry_of(const HoldChange& change) {
  const auto& [tenant, destination, before, now, daemon_id, at] = change;
  if (before && now && before->cause == now->cause) return std::nullopt;
  json::object details;
  audit::Action action{};
  if (is_audited(now)) {
    action = audit::Action::destination_held;
    details = {{"cause", name_of(now->cause)}, {"detail", now->detail}};
    if (is_audited(before)) details["cause_was"] = name_of(before->cause);
  } else if (is_audited(before)) {
    action = audit::Action::destination_resumed;
    details = {{"cause", name_of(before->cause)}};
    if (before->since) details["held_since"] = to_rfc3339(*before->since);
    if (now) details["now"] = name_of(now->cause);  // such as disabled: it is sent to no more than before
  } else {
    return std::nullopt;
  }
  audit::Entry entry;
  entry.tenant = tenant;
  entry.at = at;
  entry.actor_id = daemon_id;
  entry.action = action;
  entry.target = "destination:" + destination.to_string();
  entry.details = json::serialize(details);
  return entry;
}

}  // namespace opi::delivery
