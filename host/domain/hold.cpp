#include "domain/hold.hpp"

#include "domain/destination.hpp"
#include "domain/receiver.hpp"
#include "domain/redaction.hpp"

namespace opi {
namespace {

struct CauseText {
  HoldCause cause;
  std::string_view name, remedy;
  bool audited;
};
constexpr std::array<CauseText, all_hold_causes.size()> texts{{
    {HoldCause::newer_version, "newer_version",
     "Upgrade this node; daemons of the newer version deliver to the destination.", false},
    {HoldCause::disabled, "disabled", "Enable the destination when its receiver is ready.", false},
    {HoldCause::credential_unbound, "credential_unbound",
     "Put the credential again if its secret may go to this receiver, or revoke it.", true},
    {HoldCause::adapter_missing, "adapter_missing",
     "Put the plugin that offers the adapter into the plugin directory and run integrationsctl plugins reload.", true},
    {HoldCause::adapter_quarantined, "adapter_quarantined",
     "Install a build that does not crash, or release the plugin with plugins.release.", true},
    {HoldCause::configuration_refused, "configuration_refused",
     "Correct the destination's configuration, or bring back the build of the plugin that took it.", true},
    {HoldCause::adapter_unavailable, "adapter_unavailable",
     "Nothing, it is tried again; if it lasts, see the daemon's log and the node's memory.", false},
    {HoldCause::credential_unusable, "credential_unusable",
     "Check what the credential refers to: integrationsctl secrets check.", true},
    {HoldCause::secret_store_unavailable, "secret_store_unavailable",
     "Bring the secret store back, or correct the section of its provider.", true},
    {HoldCause::breaker_open, "breaker_open", "Nothing, one request tries the receiver; see the last attempts.", false},
    {HoldCause::paused_by_receiver, "paused_by_receiver",
     "Nothing, the receiver has asked for silence; lower the rate limit if it does so often.", false},
    {HoldCause::waits_for_order, "waits_for_order",
     "Nothing if the earlier delivery is under way; if it is a dead letter, replay or discard it.", false},
}};

const CauseText& text_of(HoldCause cause) { return texts.at(static_cast<std::size_t>(cause)); }

constexpr bool in_order() {
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (texts[i].cause != all_hold_causes[i] || static_cast<std::size_t>(texts[i].cause) != i) return false;
  return true;
}
static_assert(in_order());

}  // namespace

std::string_view to_string(HoldCause cause) { return text_of(cause).name; }
std::string_view remedy_of(HoldCause cause) { return text_of(cause).remedy; }
bool is_audited(HoldCause cause) { return text_of(cause).audited; }

std::optional<HoldCause> parse_hold_cause(std::string_view text) {
  for (const auto& one : texts)
    if (one.name == text) return one.cause;
  return std::nullopt;
}

Hold found_hold(HoldCause cause, std::string_view detail, UnixTime since) {
  return {cause, redact(detail, Hold::detail_length), since};
}

std::optional<Hold> hold_by_itself(const Destination& destination) {
  if (!destination.not_understood.empty()) return Hold{HoldCause::newer_version, destination.not_understood};
  if (!destination.enabled) return Hold{HoldCause::disabled, destination.disabled_reason};
  if (const auto purpose = unbound_purpose(destination))
    return Hold{HoldCause::credential_unbound, "its " + *purpose + " credential was put for another receiver"};
  return std::nullopt;
}

}  // namespace opi
