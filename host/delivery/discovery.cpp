#include "delivery/discovery.hpp"

#include <algorithm>
#include <unordered_map>

namespace opi::delivery {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t page = DeliveryStore::looked_at_once;

}  // namespace

Discovery::Discovery(DeliveryStore& store, FleetStore& fleet, Scheduler& scheduler, const Instruments& instruments,
                     std::function<void()> found, Options options)
    : store_(store),
      fleet_(fleet),
      scheduler_(scheduler),
      instruments_(instruments),
      found_(std::move(found)),
      options_(std::move(options)) {}

milliseconds Discovery::run_once() {
  try {
    const bool more = write_memories() || introduce();
    const auto wait = look(instruments_.clock.mono_now());
    if (away_) instruments_.logger.info("discovery.store_back");
    away_ = false;
    return more ? milliseconds{0} : wait;
  } catch (const StoreUnavailable& failure) {
    instruments_.metrics.store_failures("discovery").Increment();
    if (!away_) instruments_.logger.warning("discovery.store_unavailable", {{"error", failure.what()}});
    away_ = true;
    return options_.retry_after_failure;
  } catch (const CommitInDoubt& failure) {
    instruments_.metrics.store_failures("discovery_in_doubt").Increment();
    instruments_.logger.warning("discovery.in_doubt", {{"error", failure.what()}});
    return options_.retry_after_failure;
  }
}

// True if there may be more of them.
bool Discovery::write_memories() {
  const auto memories = scheduler_.take_memories(page, instruments_.clock.mono_now());
  if (memories.empty()) return false;
  try {
    fleet_.remember(memories, options_.daemon_id);
  } catch (...) {
    scheduler_.not_remembered(memories);
    throw;
  }
  return memories.size() == page;
}

// True if there may be more of them. Those that wait for another daemon's leases are looked at at the interval.
bool Discovery::introduce() {
  const auto ids = scheduler_.to_introduce(page, instruments_.clock.mono_now() - introduced_at_ >= options_.interval);
  if (ids.empty()) return false;
  introduced_at_ = instruments_.clock.mono_now();
  std::unordered_map<DestinationId, DueDestination> due;
  const auto memories = fleet_.recall(ids, options_.daemon_id);
  for (const auto& one : store_.due_destinations(std::vector<DueSearch>(ids.begin(), ids.end())))
    due.emplace(one.destination, one);
  std::unordered_map<DestinationId, DestinationMemory> known;
  for (const auto& memory : memories) known.emplace(memory.destination, memory);
  const MonoTime now = instruments_.clock.mono_now();
  for (const auto& id : ids) {
    const auto remembered = known.find(id);
    const auto waiting = due.find(id);
    scheduler_.introduce(remembered == known.end() ? DestinationMemory{.destination = id} : remembered->second,
                         waiting == due.end() ? std::nullopt : std::optional{waiting->second}, now);
  }
  found_();
  return ids.size() == page;
}

milliseconds Discovery::look(MonoTime now) {
  if (round_.empty()) {
    of_everything_ = wanted_.exchange(false) || now >= next_of_everything_;
    if (!of_everything_ && now < next_round_)
      return std::chrono::ceil<milliseconds>(std::min(next_round_, next_of_everything_) - now);
    round_ = scheduler_.introduced();
    if (of_everything_)
      for (auto& search : round_) search.due_from = due_since_ever;
    round_began_ = now;
  }
  if (!round_.empty()) {
    const std::size_t count = std::min(page, round_.size());
    const std::span<const DueSearch> these = std::span{round_}.last(count);
    bool any = false;
    for (const auto& due : store_.due_destinations(these)) {
      scheduler_.discovered(due, now);
      any = any || due.due_in.count() <= 0;
    }
    round_.erase(round_.end() - static_cast<std::ptrdiff_t>(count), round_.end());
    if (any) found_();
  }
  if (!round_.empty()) return milliseconds{0};
  const MonoTime ended = instruments_.clock.mono_now();
  const auto counts = scheduler_.counts(ended);
  instruments_.metrics.in_flight.Set(counts.in_flight);
  instruments_.metrics.due_destinations.Set(counts.due);
  instruments_.metrics.breakers_open.Set(counts.breakers_open);
  instruments_.metrics.destinations_served.Set(counts.served);
  const auto rest = std::min<MonoTime::duration>(options_.rest * (ended - round_began_), options_.longest_rest);
  next_round_ = std::max(round_began_ + options_.interval, ended + rest);
  if (of_everything_) next_of_everything_ = std::max(round_began_ + options_.everything, ended + rest);
  return std::chrono::ceil<milliseconds>(next_round_ - ended);
}

}  // namespace opi::delivery
