#include "delivery/alert_watch.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <unordered_map>

#include "delivery/alert_event.hpp"
#include "domain/new_uuid.hpp"
#include "domain/redaction.hpp"
#include "domain/timestamp.hpp"

namespace opi::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr int removed_at_once = 500;
constexpr std::chrono::days announced_before{1};

bool is_active(const Alert& alert) { return !alert.cleared_at; }

audit::Entry entry_of_disabling(const Alert& announced, const std::string& daemon_id, UnixTime now) {
  audit::Entry entry;
  entry.tenant = announced.tenant;
  entry.at = now;
  entry.actor_id = daemon_id;
  entry.action = audit::Action::destination_disabled;
  entry.target = "destination:" + announced.destination.to_string();
  entry.correlation_id = announced.id.to_string();
  entry.details = boost::json::serialize(boost::json::object{{"reason", "failing"},
                                                             {"failing_since", to_rfc3339(announced.since)},
                                                             {"announced_at", to_rfc3339(announced.raised_at)},
                                                             {"alert_id", announced.id.to_string()}});
  return entry;
}

}  // namespace

std::optional<Alert> next_of(const std::optional<Alert>& last, const std::optional<AlertCause>& cause,
                             const AlertRules& rules, UnixTime now, const Alert& fresh) {
  if (last && is_active(*last)) {
    Alert next = *last;
    if (cause) {
      if (!next.gone_since) return std::nullopt;
      next.gone_since.reset();
      next.since = std::max(next.since, cause->since);  // it has begun anew
      return next;
    }
    if (!next.gone_since) {
      next.gone_since = now;
      return next;
    }
    if (now - *next.gone_since < minutes{rules.clear_minutes}) return std::nullopt;
    next.cleared_at = now;
    // Whoever was not told of the beginning needs no all-clear.
    next.owed = last->owed == Alert::Owed::raised ? Alert::Owed::nothing : Alert::Owed::cleared;
    return next;
  }
  if (!cause || (last && now - last->raised_at < minutes{rules.repeat_minutes})) return std::nullopt;
  Alert next = fresh;
  next.since = cause->since;
  next.detail = redact(cause->detail, Alert::detail_length);
  next.raised_at = now;
  next.owed = Alert::Owed::raised;
  return next;
}

milliseconds AlertWatch::run_once() {
  const auto catalog = catalog_.current();
  if (left_.empty()) {
    for (const auto& [id, tenant] : catalog->tenants) left_.push_back(id);
    std::ranges::sort(left_);
    counts_ = {};
    removing_ = instruments_.clock.mono_now() >= remove_at_;
    if (removing_) remove_at_ = instruments_.clock.mono_now() + options_.remove_interval;
    if (left_.empty()) return options_.interval;
  }
  const MonoTime began = instruments_.clock.mono_now();
  if (catalog->tenants.contains(left_.front())) look_at(*catalog, left_.front());
  left_.pop_front();
  if (left_.empty()) {
    publish_counts(counts_);
    return options_.interval;
  }
  const auto cost = std::chrono::ceil<milliseconds>(instruments_.clock.mono_now() - began);
  return std::min(cost * options_.rest, options_.longest_rest);
}

void AlertWatch::stand_by() {
  left_.clear();
  publish_counts({});
}

void AlertWatch::publish_counts(const Counts& counts) {
  for (const auto kind : all_alert_kinds)
    instruments_.metrics.alerts_active(to_string(kind)).Set(counts.at(static_cast<std::size_t>(kind)));
}

void AlertWatch::look_at(const Catalog& catalog, const TenantId& tenant) {
  const auto rules = catalog.tenants.at(tenant).alert_rules.applied_to({});
  const UnixTime now = instruments_.clock.unix_now();
  const auto read = [&] { return store_.known(tenant, now - minutes{rules.repeat_minutes}); };
  Known known;
  for (auto& alert : read()) known.insert_or_assign({alert.destination, alert.kind}, alert);  // the youngest stays
  judge(catalog, tenant, rules, known);
  const auto stored = read();
  for (const auto& alert : stored)
    if (is_active(alert)) ++counts_.at(static_cast<std::size_t>(alert.kind));
  tell(catalog, stored);
  if (removing_) store_.remove_cleared(tenant, now - options_.kept, removed_at_once);
}

void AlertWatch::judge(const Catalog& catalog, const TenantId& tenant, const AlertRules& rules, Known& known) {
  const UnixTime now = instruments_.clock.unix_now();
  std::unordered_map<DestinationId, DestinationTrouble> troubles;
  for (auto& one : store_.troubles(tenant, now - options_.look_back, std::max(rules.dead_letters, 1)))
    troubles.emplace(one.destination, std::move(one));
  std::vector<Alert> raised, changed;
  const auto step = [&](const DestinationId& destination, AlertKind kind, const std::optional<AlertCause>& cause) {
    const auto found = known.find({destination, kind});
    const auto last = found == known.end() ? std::nullopt : std::optional{found->second};
    Alert fresh;
    fresh.tenant = tenant;
    fresh.destination = destination;
    fresh.kind = kind;
    fresh.id = new_uuid(instruments_.clock, instruments_.random);
    const auto next = next_of(last, cause, rules, now, fresh);
    if (next) (next->id == fresh.id ? raised : changed).push_back(*next);
  };
  const auto group = catalog.by_tenant.find(tenant);
  if (group != catalog.by_tenant.end())
    for (const auto& destination : group->second) {
      const auto trouble = troubles.find(destination->id);
      DestinationTrouble none;
      none.destination = destination->id;
      AlertSubject subject{*destination, trouble == troubles.end() ? none : trouble->second, rules, now};
      for (const auto kind : all_alert_kinds) {
        const auto found = known.find({destination->id, kind});
        const bool active = found != known.end() && is_active(found->second);
        const auto cause = cause_of(kind, subject, active);
        if (is_failure(kind) && active && !found->second.gone_since && cause && subject.trouble.streak)
          subject.failing_since = std::min(found->second.since, subject.failing_since.value_or(now));
        if (kind == AlertKind::destination_disabling && active && cause) disable(*destination, found->second, subject);
        step(destination->id, kind, cause);
      }
    }
  for (const auto& [key, alert] : known)
    if (is_active(alert) && !catalog.destinations.contains(key.first)) step(key.first, key.second, std::nullopt);
  store_.raise(raised);
  store_.update(changed);
}

void AlertWatch::tell(const Catalog& catalog, std::vector<Alert> alerts) {
  std::erase_if(alerts, [](const Alert& one) { return one.owed == Alert::Owed::nothing; });
  if (alerts.size() > options_.told_at_once) alerts.resize(options_.told_at_once);
  for (auto& alert : alerts) {
    const bool cleared = alert.owed == Alert::Owed::cleared;
    const auto found = catalog.destinations.find(alert.destination);
    const auto name = found == catalog.destinations.end() ? std::string{} : found->second->name;
    auto event =
        alert_event(alert, cleared ? alert_cleared_type : alert_raised_type, name, instruments_.clock.unix_now());
    alert.recipients = static_cast<int>(intake_.publish_own(std::move(event), alert.destination));
    alert.owed = Alert::Owed::nothing;
    store_.update({&alert, 1});
    const auto log = [&](const char* what) {
      instruments_.logger.warning(what, {{"tenant", alert.tenant.str()},
                                         {"destination", alert.destination.to_string()},
                                         {"alert", alert.id.to_string()},
                                         {"kind", to_string(alert.kind)},
                                         {"detail", alert.detail},
                                         {"recipients", alert.recipients}});
    };
    log(cleared ? "alert.cleared" : "alert.raised");
  }
}

// A day after it was announced; what waits for the destination goes on waiting.
void AlertWatch::disable(const Destination& destination, const Alert& announced, const AlertSubject& subject) {
  const auto patience = std::chrono::days{subject.rules.disable_after_days};
  if (!destination.enabled || patience.count() == 0 || announced.owed != Alert::Owed::nothing) return;
  if (!subject.failing_since || subject.now - *subject.failing_since < patience) return;
  if (subject.now - announced.raised_at < announced_before) return;
  const auto reason = std::string(disabled_for_failing) + ", since " + to_rfc3339(*subject.failing_since);
  if (!catalog_store_.disable_destination(destination.tenant_id, destination.id, reason,
                                          entry_of_disabling(announced, options_.daemon_id, subject.now)))
    return;
  instruments_.logger.warning(
      "destination.disabled",
      {{"tenant", destination.tenant_id.str()}, {"destination", destination.id.to_string()}, {"reason", reason}});
  catalog_.refresh();
}

}  // namespace opi::delivery
