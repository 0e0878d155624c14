#include "delivery/fleet.hpp"

#include <algorithm>

namespace opi::delivery {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds retry_after_failure{500};

DueTime micros(std::chrono::nanoseconds span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

std::string joined(const std::vector<std::string>& owners) {
  std::string text;
  for (const auto& owner : owners) text += (text.empty() ? "" : " ") + owner;
  return text;
}

}  // namespace

Fleet::Fleet(FleetStore& store, const Instruments& instruments, Listener judged, Options options)
    : store_(store),
      instruments_(instruments),
      judged_(std::move(judged)),
      options_(std::move(options)),
      current_(
          std::make_shared<const Ownership>(options_.daemon_id, std::vector<std::string>{}, due_never, MonoTime{})) {}

milliseconds Fleet::run_once() {
  const MonoTime now = instruments_.clock.mono_now();
  if (!joined_ || now >= beat_at_ + options_.beat) {
    try {
      beat(now);
      if (away_) instruments_.logger.info("fleet.store_back");
      away_ = false;
    } catch (const StoreUnavailable& failure) {
      instruments_.metrics.store_failures("beat").Increment();
      if (!away_) instruments_.logger.warning("fleet.store_unavailable", {{"error", failure.what()}});
      away_ = true;
    } catch (const CommitInDoubt& failure) {
      instruments_.metrics.store_failures("beat_in_doubt").Increment();
      instruments_.logger.warning("fleet.beat_in_doubt", {{"error", failure.what()}});
      away_ = true;
    }
  }
  const MonoTime after = instruments_.clock.mono_now();
  const MonoTime next = judge(after);
  const MonoTime again = away_ ? after + retry_after_failure : beat_at_ + options_.beat;
  return std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(std::min(next, again) - after));
}

void Fleet::beat(MonoTime now) {
  auto snapshot =
      store_.beat({options_.daemon_id, options_.lifetime, options_.holds + options_.handover,
                   joined_ ? std::optional<std::string>{} : options_.replaces, instruments_.clock.unix_now()});
  snapshot_ = std::move(snapshot);
  sent_at_ = now;
  received_at_ = instruments_.clock.mono_now();
  beat_at_ = now;
  joined_ = true;
}

// Of others it assumes that the database's clock is as late as it can be, of itself that it is as early: what changes
// hands is let go before it is taken. Returns when that may come out otherwise.
MonoTime Fleet::judge(MonoTime now) {
  if (!snapshot_) return MonoTime::max();
  const DueTime latest = snapshot_->taken_at + micros(now - sent_at_);
  const DueTime earliest = snapshot_->taken_at + micros(now - received_at_);
  // Whoever joined after it owns its share from the very moment at which it has run out, at the earliest.
  const DueTime runs_out = snapshot_->taken_at + micros(options_.holds) - 1;
  DueTime valid_until = runs_out;
  MonoTime next = MonoTime::max();
  std::vector<std::string> owners;
  DueTime since = due_since_ever;
  for (const auto& member : snapshot_->members) {
    const bool self = member.daemon_id == options_.daemon_id;
    if (self) since = member.owns_from;
    const DueTime changes_at = self ? member.owns_from : member.owns_from - micros(options_.handover);
    if (changes_at <= (self ? earliest : latest)) {
      owners.push_back(member.daemon_id);
      continue;
    }
    if (!self) valid_until = std::min(valid_until, changes_at - 1);
    next =
        std::min(next, (self ? received_at_ : sent_at_) + std::chrono::microseconds{changes_at - snapshot_->taken_at});
  }
  const MonoTime valid_here = sent_at_ + std::chrono::microseconds{valid_until - snapshot_->taken_at};
  auto fresh = std::make_shared<const Ownership>(options_.daemon_id, std::move(owners), valid_until, valid_here, since);
  const auto before = current();
  if (before->owners() != fresh->owners())
    instruments_.logger.info(
        "fleet.changed",
        {{"daemons", joined(fresh->owners())}, {"takes_part", fresh->takes_part()}, {"leads", fresh->leads()}});
  instruments_.metrics.daemons.Set(static_cast<double>(fresh->owners().size()));
  instruments_.metrics.leads.Set(fresh->leads() && fresh->valid_at(now) ? 1 : 0);
  judged_(fresh);
  const Lock lock(mutex_);
  current_ = std::move(fresh);
  return next;
}

void Fleet::leave() {
  if (!joined_) return;
  store_.leave(options_.daemon_id);
  joined_ = false;
}

std::shared_ptr<const Ownership> Fleet::current() const {
  const Lock lock(mutex_);
  return current_;
}

bool Fleet::leads() const {
  const auto now = current();
  return now->leads() && now->valid_at(instruments_.clock.mono_now());
}

}  // namespace opi::delivery
