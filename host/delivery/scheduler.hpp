#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "delivery/contention.hpp"
#include "delivery/delivery_store.hpp"
#include "delivery/feedback.hpp"
#include "delivery/fleet_store.hpp"
#include "delivery/lane.hpp"
#include "delivery/ownership.hpp"
#include "domain/catalog.hpp"
#include "foundation/mutex.hpp"

namespace opi::delivery {

class ClaimPlan;
class Slot;

// Decides whose deliveries are claimed next: round robin over the tenants that have work, then over each tenant's
// destinations, within the free slots, rate limit and breaker of each. A tenant, and in it a destination, takes further
// slots only by the rule of foundation/fair_share.hpp, so that whoever is slow, dead or flooded leaves the others
// theirs. Keeps no deliveries, only per-destination numbers. A plan costs by the destinations that have something due
// now. Thread-safe; outlives the plans and slots it gave out.
class Scheduler {
 public:
  struct Options {
    int max_in_flight = 2'000;                     // claimed and unsettled deliveries of this daemon
    int claim_batch = 500;                         // deliveries per claim
    int claim_batch_beside = 64;                   // while several tenants have work; see delivery/contention.hpp
    std::chrono::milliseconds contention{10'000};  // for how long a tenant that had a turn counts as having work
    int quantum = 4;                               // deliveries a destination gets before its turn passes
    // A claim looks only behind the last claimed due time; this often it looks at a stretch before it, too, so that a
    // delivery which became visible late is delayed by no more. What is later still is found by discovery.
    std::chrono::milliseconds sweep_interval{1'000}, swept{10'000};
    std::chrono::milliseconds overtaken{1'000};  // the stretch that is looked at after another daemon's announcement
    std::chrono::milliseconds searched{60'000};  // the stretch before the watermark that discovery looks at
    CircuitBreaker::Options breaker;
  };

  // `memory_changed` is called when there is something for take_memories(), by whoever changed it; it must not call the
  // scheduler.
  explicit Scheduler(
      const Options& options, std::function<void()> memory_changed = [] {});
  ~Scheduler();

  // Destinations that are new, or that come to this daemon, are claimed for once introduce() was called for them.
  void update(const Catalog& catalog);
  void update(std::shared_ptr<const Ownership> ownership);

  // Those that are not introduced, at most `limit`; on demand, of which another daemon has leases left, too.
  [[nodiscard]] std::vector<DestinationId> to_introduce(std::size_t limit, bool leased_elsewhere);
  // What the store remembers of it and, if anything waits, its earliest. Unknown destinations are ignored.
  void introduce(const DestinationMemory& memory, const std::optional<DueDestination>& due, MonoTime now);
  // All that are introduced, in no particular order, each from a stretch before its watermark on.
  [[nodiscard]] std::vector<DueSearch> introduced();
  // Pauses and breakers that changed since they were taken, at most `limit`; and that they were not stored after all.
  [[nodiscard]] std::vector<DestinationMemory> take_memories(std::size_t limit, MonoTime now);
  void not_remembered(std::span<const DestinationMemory> memories);

  // The destination has live deliveries, the earliest due at `when`. False if another daemon serves it, or may: what is
  // not known here is not ignored everywhere.
  bool mark_due(const DestinationId& destination, MonoTime when);
  // The same as another daemon says that stored it: what this one claimed meanwhile may have been stored later.
  void announced(const DestinationId& destination, MonoTime when);
  // The same as the store saw it a moment ago.
  void discovered(const DueDestination& due, MonoTime now);

  // What to claim now. Empty: nothing to do, or it is not known whose the destinations are.
  ClaimPlan plan(MonoTime now);

  // How it is known that a destination is held: by looking it up, or only by an attempt that got nowhere.
  enum class FoundBy { look, attempt };
  // The destination is held, and nothing of it is claimed before `until`. True if it was not held for this already.
  bool hold(const DestinationId& destination, MonoTime until, const Hold& hold, FoundBy found_by = FoundBy::look);
  // It may be claimed for, and is held no more if that was found in this way; a hold that an attempt has found also
  // ends with a request that goes out. What it was held for; nullopt if it was not, or still is.
  std::optional<Hold> resume(const DestinationId& destination, FoundBy found_by = FoundBy::look);
  // Nothing of the destination is claimed before `until`; not told to anybody.
  void pause(const DestinationId& destination, MonoTime until);
  // It is looked at again at once; what it is held for is seen then.
  void end_pause(const DestinationId& destination);

  // When plan() may have something to do again without any further news; MonoTime::max() if never.
  [[nodiscard]] MonoTime next_wakeup(MonoTime now);

  // Whether it is this daemon that serves the destination, and knows what the store remembers of it.
  [[nodiscard]] bool serves(const DestinationId& destination);

  // How this daemon stands with one destination.
  struct LaneStatus {
    bool here = false;      // it is this daemon that serves it, and the rest is how things are
    std::string served_by;  // the daemon that does; empty: not known
    int in_flight = 0;
    enum class Breaker { closed, open, probing } breaker = Breaker::closed;
    std::optional<std::chrono::milliseconds> probe_in;  // of an open breaker
    std::optional<std::chrono::milliseconds> pause;     // left of what the receiver asked for
    std::optional<UnixTime> tripped_since, paused_since;
    std::optional<Hold> hold;  // breaker and pause apart
    bool known = false;        // what the store remembers of it has been read
  };
  // Nothing of unknown destinations.
  [[nodiscard]] LaneStatus status(const DestinationId& destination, MonoTime now);

  struct Counts {
    int in_flight = 0;
    int due = 0;  // destinations that have something due and could be sent to
    int breakers_open = 0;
    int served = 0;           // destinations that are this daemon's to send to
    std::uint64_t looks = 0;  // at single destinations, since it was made: what its plans and all that moves them cost
  };
  [[nodiscard]] Counts counts(MonoTime now);

 private:
  friend class ClaimPlan;
  friend class Slot;
  using Timed =
      boost::intrusive::multiset<Lane, boost::intrusive::base_hook<TimedHook>, boost::intrusive::compare<EarlierLane>>;
  using Changed = boost::intrusive::list<Lane, boost::intrusive::base_hook<ChangedHook>>;
  using Strangers = boost::intrusive::list<Lane, boost::intrusive::base_hook<StrangerHook>>;

  void place(Lane& lane) OPI_REQUIRES(mutex_);
  void leave_place(Lane& lane) OPI_REQUIRES(mutex_);
  void put(Lane& lane, LanePlace place) OPI_REQUIRES(mutex_);
  void fire(MonoTime now) OPI_REQUIRES(mutex_);
  void become_due(Lane& lane, MonoTime when) OPI_REQUIRES(mutex_);
  void list_if_stranger(Lane& lane) OPI_REQUIRES(mutex_);
  void count_served() OPI_REQUIRES(mutex_);
  [[nodiscard]] int room_of(const TenantLanes& tenant) const OPI_REQUIRES(mutex_);
  [[nodiscard]] static int room_of(const Lane& lane, int room);
  bool can_be_granted(TenantLanes& tenant, MonoTime now) OPI_REQUIRES(mutex_);
  int grant_turn(TenantLanes& tenant, int budget, std::vector<Lane*>& granted, MonoTime now) OPI_REQUIRES(mutex_);
  ClaimRequest request_of(Lane& lane, MonoTime now) OPI_REQUIRES(mutex_);
  void remember(Lane& lane) OPI_REQUIRES(mutex_);
  [[nodiscard]] int free() const OPI_REQUIRES(mutex_) { return options_.max_in_flight - busy_; }
  Lane* find(const DestinationId& destination) OPI_REQUIRES(mutex_);

  // For ClaimPlan and Slot.
  std::vector<Slot> claimed(const ClaimPlan& plan, std::span<const Claim> claims, MonoTime now);
  void not_claimed(const ClaimRequest& request, Lane& lane, bool asked) noexcept;
  void give_back(Lane& lane, DueTime due_at) noexcept;
  void finished(Lane& lane, const Feedback& feedback, MonoTime now) noexcept;
  void unreserve(Lane& lane, int count) OPI_REQUIRES(mutex_);
  void read_answer(const ClaimRequest& request, Lane& lane, MonoTime now) OPI_REQUIRES(mutex_);
  void free_slot(Lane& lane) OPI_REQUIRES(mutex_);

  const Options options_;
  const std::function<void()> memory_changed_;
  Mutex mutex_;
  std::shared_ptr<const Ownership> ownership_ OPI_GUARDED_BY(mutex_);
  std::unordered_map<DestinationId, std::unique_ptr<Lane>> lanes_ OPI_GUARDED_BY(mutex_);
  std::unordered_map<TenantId, std::unique_ptr<TenantLanes>> tenants_ OPI_GUARDED_BY(mutex_);
  Timed timed_ OPI_GUARDED_BY(mutex_);                                // the lanes that wait for a time
  boost::intrusive::list<TenantLanes> round_ OPI_GUARDED_BY(mutex_);  // tenants with ready lanes; whose turn is first
  int busy_ OPI_GUARDED_BY(mutex_) = 0;                               // slots in flight or reserved
  int in_flight_ OPI_GUARDED_BY(mutex_) = 0;
  std::uint64_t looks_ OPI_GUARDED_BY(mutex_) = 0;
  int tripped_ OPI_GUARDED_BY(mutex_) = 0;  // breakers
  int served_ OPI_GUARDED_BY(mutex_) = 0;   // lanes that are ours and served
  Contention<const TenantLanes*> contention_ OPI_GUARDED_BY(mutex_);
  std::array<int, 5> placed_ OPI_GUARDED_BY(mutex_) = {};  // lanes by place
  Strangers strangers_ OPI_GUARDED_BY(mutex_);             // ours, and not introduced or leased elsewhere
  Changed changed_ OPI_GUARDED_BY(mutex_);                 // whose pause or breaker the store has not been told of
};

// One of the daemon's slots for a delivery in flight, held for its destination. Move-only. Whatever becomes of the
// delivery, the slot is given back when this is destroyed.
class Slot {
 public:
  Slot() = default;
  Slot(Slot&& other) noexcept
      : scheduler_(std::exchange(other.scheduler_, nullptr)), lane_(other.lane_), due_at_(other.due_at_) {}
  Slot& operator=(Slot&& other) noexcept;
  ~Slot() { release(); }

  // The delivery came to an end, or will be tried again.
  void finish(const Feedback& feedback, MonoTime now);
  // Nothing was sent: it is due since when it was.
  void release() noexcept;
  // Whose it is, for as long as it is held; only to be compared.
  [[nodiscard]] const TenantLanes* tenant() const { return lane_ == nullptr ? nullptr : lane_->tenant; }
  // The scheduler is gone before the slot.
  void forget() noexcept { scheduler_ = nullptr; }

 private:
  friend class Scheduler;
  Slot(Scheduler& scheduler, Lane& lane, DueTime due_at) : scheduler_(&scheduler), lane_(&lane), due_at_(due_at) {}

  Scheduler* scheduler_ = nullptr;  // null: nothing is held
  Lane* lane_ = nullptr;
  DueTime due_at_ = 0;
};

// What is to be claimed, with the slots that are reserved for it. Whatever is not claimed is given back when this is
// destroyed. Move-only, for one thread.
class ClaimPlan {
 public:
  ClaimPlan() = default;
  ClaimPlan(ClaimPlan&& other) noexcept
      : scheduler_(std::exchange(other.scheduler_, nullptr)),
        requests_(std::move(other.requests_)),
        lanes_(std::move(other.lanes_)),
        valid_until_(other.valid_until_),
        asked_(other.asked_) {}
  ClaimPlan& operator=(ClaimPlan&& other) noexcept;
  ~ClaimPlan() { abandon(); }

  [[nodiscard]] bool empty() const { return requests_.empty(); }
  [[nodiscard]] const std::vector<ClaimRequest>& requests() const { return requests_; }
  [[nodiscard]] int wanted() const;
  // See ClaimTerms::valid_until.
  [[nodiscard]] DueTime valid_until() const { return valid_until_; }

  // Nothing is claimed for these: their requests are dropped, with their slots.
  void drop(const std::function<bool(const DestinationId&)>& unwanted);
  // The claim goes out; if no answer comes, what it may have taken is looked for.
  void ask() { asked_ = true; }
  // The answer: one slot for each claim, in order; the rest is given back. The plan is empty afterwards. Throws only
  // std::bad_alloc; then nothing was taken.
  std::vector<Slot> claimed(std::span<const Claim> claims, MonoTime now);

 private:
  friend class Scheduler;
  ClaimPlan(Scheduler& scheduler, std::vector<ClaimRequest> requests, std::vector<Lane*> lanes, DueTime valid_until)
      : scheduler_(&scheduler), requests_(std::move(requests)), lanes_(std::move(lanes)), valid_until_(valid_until) {}

  void abandon() noexcept;

  Scheduler* scheduler_ = nullptr;
  std::vector<ClaimRequest> requests_;
  std::vector<Lane*> lanes_;  // of the requests
  DueTime valid_until_ = due_never;
  bool asked_ = false;
};

}  // namespace opi::delivery
