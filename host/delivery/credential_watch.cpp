#include "delivery/credential_watch.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "foundation/mutex.hpp"

namespace opi::delivery {
namespace {

audit::Entry entry_of(const Claim& claim, std::string_view purpose, std::string_view why, int uses, UnixTime first_at,
                      UnixTime now) {
  const auto text = [](std::string_view view) { return boost::json::string_view{view.data(), view.size()}; };
  audit::Entry entry;
  entry.tenant = claim->event->tenant_id;
  entry.at = now;
  entry.actor_id = "integrationsd";
  entry.action = audit::Action::credential_failed;
  entry.target = "destination:" + claim->destination.to_string();
  entry.correlation_id = claim->event->correlation_id;
  entry.details = boost::json::serialize(boost::json::object{{"purpose", text(purpose)},
                                                             {"reason", text(why)},
                                                             {"delivery", claim->delivery.to_string()},
                                                             {"uses", uses},
                                                             {"first_at_ms", first_at.time_since_epoch().count()}});
  return entry;
}

}  // namespace

std::optional<CredentialFailure> CredentialWatch::failed(const Claim& claim, std::string_view purpose,
                                                         std::string_view why) {
  const MonoTime now = clock_.mono_now();
  const UnixTime unix_now = clock_.unix_now();
  const Lock lock(mutex_);
  Key key{claim->destination, std::string(purpose)};
  if (!states_.contains(key) && states_.size() >= options_.purposes) forget_the_old(now);
  if (!states_.contains(key) && states_.size() >= options_.purposes)
    return CredentialFailure{key.second, 1, entry_of(claim, purpose, why, 1, unix_now, unix_now)};
  State& state = states_[std::move(key)];
  if (state.uses++ == 0) state.first_at = unix_now;
  const bool first = !std::exchange(state.failing, true);
  // A state that changes is told sooner than one that lasts.
  const MonoTime due =
      first && state.due != MonoTime{} ? state.due - options_.while_it_lasts + options_.between_any : state.due;
  if (now < due) return std::nullopt;
  CredentialFailure failure{std::string(purpose), state.uses,
                            entry_of(claim, purpose, why, state.uses, state.first_at, unix_now)};
  state.uses = 0;
  state.due = now + options_.while_it_lasts;
  return failure;
}

void CredentialWatch::unrecorded(const DestinationId& destination, const CredentialFailure& failure) {
  const Lock lock(mutex_);
  const auto found = states_.find({destination, failure.purpose});
  if (found == states_.end()) return;
  found->second.due = {};
  found->second.uses += failure.uses;
}

void CredentialWatch::succeeded(const DestinationId& destination, std::string_view purpose) {
  const Lock lock(mutex_);
  if (states_.empty()) return;
  if (const auto found = states_.find({destination, std::string(purpose)}); found != states_.end())
    found->second.failing = false;
}

void CredentialWatch::forget_the_old(MonoTime now) {
  std::erase_if(states_, [&](const auto& entry) { return now >= entry.second.due; });
}

}  // namespace opi::delivery
